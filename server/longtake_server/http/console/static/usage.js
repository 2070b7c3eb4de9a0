// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// The caller: its queue, its limits and budgets, and what it has used.

import { call } from './api.js';
import { failure, fill, h, table } from './dom.js';
import { amountOf, day, money, seconds, time, words } from './format.js';

const DAYS = 30;

function tile(name, value, hint) {
	return h('div.tile', h('dt', name), h('dd', value, hint ? h('small', hint) : null));
}

const of = (value, limit) => (limit === undefined ? 'no limit' : `of ${limit}`);

function meter(label, used, reserved, limit, show) {
	const share = (part) => `${Math.min(100, (part / limit) * 100)}%`;
	const bar = h('div.meter', { role: 'img', 'aria-label': `${label}: ${show(used)} spent and ${show(reserved)} reserved of ${show(limit)}` },
		h('span.spent'), h('span.reserved'));
	bar.children[0].style.width = share(used);
	bar.children[1].style.width = share(reserved);
	return h('div', bar, h('p', `${show(used)} spent, ${show(reserved)} reserved, of ${show(limit)}`));
}

function budget(one) {
	const dollars = (sum) => new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' }).format(sum);
	const label = `${words(one.period)} ${one.periodKey}`;
	return h('li.card',
		h('h3', `${one.subject}, ${label.toLowerCase()}`),
		one.costLimit ? meter('Cost', amountOf(one.costSpent), amountOf(one.costReserved), amountOf(one.costLimit), dollars) : null,
		one.secondsLimit !== undefined
			? meter('Video', one.secondsSpent || 0, one.secondsReserved || 0, one.secondsLimit, seconds) : null,
		h('p.hint', 'The next period begins ', time(one.resetTime)));
}

const number = (value) => h('td.number', value || '0');

function cells(row) {
	return [number(row.accepted), h('td.number.medium', row.succeeded || '0'), h('td.number.medium', row.failed || '0'),
		h('td.number.medium', row.cancelled || '0'), h('td.number.wide', seconds(row.billedSeconds || 0)), number(money(row.settledCost))];
}

function usage(caption, first, name, rows) {
	const heads = [[first], ['Accepted', 'number'], ['Succeeded', 'number medium'], ['Failed', 'number medium'],
		['Cancelled', 'number medium'], ['Billed', 'number wide'], ['Cost', 'number']];
	return table(caption, heads, rows.map((row) => h('tr', h('th', { scope: 'row' }, name(row)), cells(row))));
}

customElements.define('lt-usage', class extends HTMLElement {
	async connectedCallback() {
		this.body = h('div', h('p', 'Loading'));
		fill(this, h('h1', { tabindex: -1 }, 'Usage and budgets'), this.body);
		const first = new Date(Date.now() - (DAYS - 1) * 86_400_000);
		const since = { year: first.getUTCFullYear(), month: first.getUTCMonth() + 1, day: first.getUTCDate() };
		try {
			const [caller, models, days] = await Promise.all([
				call('GetCaller'), call('GetUsage', { since, groupBy: ['MODEL'] }), call('GetUsage', { since, groupBy: ['DAY'] })]);
			this.show(caller, models.usage || [], (days.usage || []).reverse());
		} catch (error) {
			fill(this.body, failure(error));
		}
	}

	show(caller, models, days) {
		const budgets = caller.budgets || [];
		fill(this.body,
			h('dl.tiles',
				tile('Queued', caller.queued || 0, of(caller.queued, caller.maxQueued)),
				tile('Running', caller.concurrent || 0, of(caller.concurrent, caller.maxConcurrent)),
				tile('Starts a minute', caller.requestsPerMinute ?? '∞', caller.requestsPerMinute === undefined ? 'no limit' : 'at most'),
				tile('Roles', (caller.roles || []).map((role) => words(role).toLowerCase()).join(', '), caller.principal || 'without authentication')),
			h('h2', 'Budgets'),
			budgets.length ? h('ul.budgets', budgets.map(budget))
				: h('p.empty', 'No budget limits you.'),
			h('h2', `The last ${DAYS} days by model`),
			models.length ? usage('Usage by model', 'Model', (row) => row.model, models) : h('p.empty', 'Nothing was used yet.'),
			days.length ? [h('h2', 'By day, in UTC'), usage('Usage by day', 'Day', (row) => day(row.day), days)] : null);
	}
});
