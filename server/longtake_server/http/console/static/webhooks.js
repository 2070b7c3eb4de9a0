// SPDX-License-Identifier: Apache-2.0
// Webhooks, and what was delivered to each.

import { call } from './api.js';
import { announce, attempt, fill, h, heading, table } from './dom.js';
import { badge, chips, idOf, time, words } from './format.js';

const STATES = ['PENDING', 'DELIVERED', 'DEAD'];
const PAGE = 50;
const HOOKS = [['Webhook', 'name'], ['Address', 'medium'], ['Events', 'wide'], ['State']];
const DELIVERIES = [['State'], ['Event'], ['Operation', 'wide'], ['Attempts', 'medium number'], ['Last attempt', 'medium'],
	['Answer', 'medium'], ['Next attempt', 'wide'], ['Action']];

const event = (type) => (type || '').toLowerCase().replace('_', '.');

const outcome = ({ httpStatus, failure }) => (httpStatus ? `HTTP ${httpStatus}` : words(failure) || '–');

customElements.define('lt-webhooks', class extends HTMLElement {
	connectedCallback() {
		this.state = '';
		this.fault = h('div');
		this.list = h('div', 'Loading');
		this.deliveries = h('div');
		fill(this, heading('Webhooks'), this.fault, this.list, this.deliveries);
		attempt(this.fault, async () => {
			const found = (await call('ListWebhooks', { pageSize: 100 })).webhooks || [];
			const id = this.getAttribute('name');
			this.hook = found.find((one) => idOf(one) === id) || found[0];
			this.showHooks(found);
			if (this.hook) await this.load('');
		});
	}

	showHooks(found) {
		if (!found.length) {
			fill(this.list, h('div.empty', h('h2', 'No webhooks yet'),
				h('p', 'Register one, and the server tells it how each operation ended. ',
					h('code', 'longtake webhooks create'), ' does so.')));
			return;
		}
		fill(this.list, table('Webhooks', HOOKS, found.map((one) => [
			h('a', { href: `#/webhooks/${idOf(one)}`, 'aria-current': one === this.hook && 'true' }, idOf(one)),
			one.url, (one.eventTypes || []).map(event).join(', '),
			badge(one.disabled ? 'DISABLED' : one.failingSinceTime ? 'FAILING' : 'ENABLED'),
		])));
	}

	of(fields) {
		return { ...fields, principal: this.hook.principal };
	}

	async load(pageToken) {
		const request = this.of({ parent: this.hook.name, pageSize: PAGE, pageToken, state: this.state || undefined });
		const page = await call('ListWebhookDeliveries', request);
		this.rows = [...(pageToken ? this.rows : []), ...(page.deliveries || [])];
		this.next = page.nextPageToken || '';
		this.show();
	}

	show() {
		const name = `Deliveries of ${idOf(this.hook)}`;
		fill(this.deliveries,
			h('div.head', h('h2', name),
				h('button', { onclick: () => this.test(), disabled: this.hook.disabled }, 'Send a test event')),
			chips('State of deliveries', STATES, this.state, (state) => this.choose(state)),
			this.rows.length ? table(name, DELIVERIES, this.rows.map((one) => this.cells(one))) : h('p.empty', 'No deliveries.'),
			this.next && h('div.actions', h('button', { onclick: () => attempt(this.fault, () => this.load(this.next)) }, 'Show older ones')));
	}

	cells(one) {
		const { state, operation, attempts, lastAttemptTime, nextAttemptTime } = one;
		const type = event(one.eventType);
		return [
			badge(state), type, operation ? h('a', { href: `#/${operation}` }, idOf({ name: operation })) : '–',
			attempts || '0', time(lastAttemptTime), outcome(one), time(nextAttemptTime),
			state === 'PENDING' ? '–' : h('button.small', {
				onclick: () => this.redeliver(one), 'aria-label': `Redeliver ${type} ${idOf(one)}` }, 'Redeliver'),
		];
	}

	focusChip() {
		this.deliveries.querySelector('[aria-pressed=true]')?.focus();
	}

	async choose(state) {
		this.state = state;
		await attempt(this.fault, () => this.load(''));
		this.focusChip();
		announce(`${this.rows.length} deliveries are shown.`);
	}

	redeliver(one) {
		attempt(this.fault, async () => {
			const changed = await call('RedeliverWebhookDelivery', this.of({ name: one.name }));
			this.rows = this.rows.map((known) => (known.name === one.name ? changed : known));
			this.show();
			this.focusChip();
			announce('The event is sent again.');
		});
	}

	test() {
		attempt(this.fault, async () => {
			await call('TestWebhook', this.of({ name: this.hook.name }));
			announce('A test event is sent.');
			await this.load('');
			this.deliveries.querySelector('button').focus();
		});
	}
});
