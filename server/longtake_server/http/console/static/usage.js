// SPDX-License-Identifier: Apache-2.0
// The caller: its queue, its limits and budgets, and what it has used.

import { call } from './api.js';
import { attempt, bar, fill, h, heading, table } from './dom.js';
import { amountOf, day, money, seconds, time, words } from './format.js';

const DAYS = 30;
const COLUMNS = [['Accepted', 'number'], ['Succeeded', 'number medium'], ['Failed', 'number medium'],
	['Cancelled', 'number medium'], ['Billed', 'number wide'], ['Cost', 'number']];

const tile = (name, value, hint) => h('div.card', h('dt', name), h('dd', value, h('small', hint)));

const of = (limit) => (limit === undefined ? 'no limit' : `of ${limit}`);

function meter(label, spent, reserved, limit, show) {
	const text = `${show(spent)} spent, ${show(reserved)} reserved, of ${show(limit)}`;
	return [bar({ role: 'img', 'aria-label': `${label}: ${text}` }, ['spent', spent / limit], ['reserved', reserved / limit]),
		h('p', text)];
}

function budget(one) {
	const dollars = (units) => money({ units });
	return h('li.card',
		h('h3', `${one.subject}, ${words(one.period).toLowerCase()} ${one.periodKey}`),
		one.costLimit && meter('Cost', amountOf(one.costSpent), amountOf(one.costReserved), amountOf(one.costLimit), dollars),
		one.secondsLimit !== undefined
			&& meter('Video', one.secondsSpent || 0, one.secondsReserved || 0, one.secondsLimit, seconds),
		h('p.hint', 'The next period begins ', time(one.resetTime)));
}

function usage(caption, first, name, used) {
	const columns = [[first, 'name'], ...COLUMNS];
	return table(caption, columns, used.map((one) => [name(one),
		...[one.accepted, one.succeeded, one.failed, one.cancelled].map((count) => count || '0'),
		seconds(one.billedSeconds || 0), money(one.settledCost)]));
}

customElements.define('lt-usage', class extends HTMLElement {
	connectedCallback() {
		this.body = h('div');
		fill(this, heading('Usage and budgets'), this.body);
		attempt(this.body, () => this.load());
	}

	async load() {
		fill(this.body, 'Loading');
		const first = new Date(Date.now() - (DAYS - 1) * 86_400_000).toISOString();
		const [year, month, date] = first.split(/\D/).map(Number);
		const since = { year, month, day: date };
		const used = async (part) => (await call('GetUsage', { since, groupBy: [part] })).usage || [];
		const [caller, models, days] = await Promise.all([call('GetCaller'), used('MODEL'), used('DAY')]);
		this.show(caller, models, days.reverse());
	}

	show(caller, models, days) {
		const budgets = caller.budgets || [];
		fill(this.body,
			h('dl.tiles',
				tile('Queued', caller.queued || 0, of(caller.maxQueued)),
				tile('Running', caller.concurrent || 0, of(caller.maxConcurrent)),
				tile('Starts a minute', caller.requestsPerMinute ?? '∞', caller.requestsPerMinute === undefined ? 'no limit' : 'at most'),
				tile('Roles', (caller.roles || []).map((role) => words(role).toLowerCase()).join(', '), caller.principal || 'without authentication')),
			h('h2', 'Budgets'),
			budgets.length ? h('ul.budgets', budgets.map(budget)) : h('p.empty', 'No budget limits you.'),
			h('h2', `The last ${DAYS} days by model`),
			models.length ? usage('Usage by model', 'Model', (one) => one.model, models) : h('p.empty', 'Nothing was used yet.'),
			days.length > 0 && [h('h2', 'By day, in UTC'), usage('Usage by day', 'Day', (one) => day(one.day), days)]);
	}
});
