// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// Webhooks, and what was delivered to each.

import { webhooks } from './api.js';
import { announce, failure, fill, h, table } from './dom.js';
import { badge, idOf, time, words } from './format.js';

const STATES = ['', 'PENDING', 'DELIVERED', 'DEAD'];
const PAGE = 50;

const event = (type) => (type || '').toLowerCase().replace('_', '.');

function outcome(delivery) {
	if (delivery.httpStatus) return `HTTP ${delivery.httpStatus}`;
	return delivery.failure ? words(delivery.failure) : '–';
}

customElements.define('lt-webhooks', class extends HTMLElement {
	async connectedCallback() {
		this.state = '';
		this.fault = h('div');
		this.list = h('div', h('p', 'Loading'));
		this.deliveries = h('div');
		fill(this, h('h1', { tabindex: -1 }, 'Webhooks'), this.fault, this.list, this.deliveries);
		await this.doing(async () => {
			const found = (await webhooks('ListWebhooks', { pageSize: 100 })).webhooks || [];
			const id = this.getAttribute('name');
			this.hook = found.find((one) => idOf(one.name) === id) || found[0];
			this.showHooks(found);
			if (this.hook) await this.load('');
		});
	}

	async doing(action) {
		fill(this.fault);
		try {
			await action();
		} catch (error) {
			fill(this.fault, failure(error));
			announce(error.message);
		}
	}

	showHooks(found) {
		if (!found.length) {
			fill(this.list, h('div.empty', h('h2', 'No webhooks yet'),
				h('p', 'Register one, and the server tells it how each operation ended. ',
					h('code', 'longtake webhooks create'), ' does so.')));
			return;
		}
		fill(this.list, table('Webhooks', [['Webhook'], ['Address', 'medium'], ['Events', 'wide'], ['State']], found.map((one) => {
			const link = h('a', { href: `#/webhooks/${idOf(one.name)}`, 'aria-current': one === this.hook ? 'true' : null }, idOf(one.name));
			return h('tr', h('th', { scope: 'row' }, link), h('td.medium', one.url),
				h('td.wide', (one.eventTypes || []).map(event).join(', ')),
				h('td', badge(one.disabled ? 'DISABLED' : one.failingSinceTime ? 'FAILING' : 'ENABLED')));
		})));
	}

	of(fields) {
		return { ...fields, principal: this.hook.principal };
	}

	async load(pageToken) {
		const request = this.of({ parent: this.hook.name, pageSize: PAGE, pageToken, state: this.state || undefined });
		const page = await webhooks('ListWebhookDeliveries', request);
		this.rows = [...(pageToken ? this.rows : []), ...(page.deliveries || [])];
		this.next = page.nextPageToken || '';
		this.show();
	}

	show() {
		const chips = STATES.map((state) => h('button', {
			class: 'chip', 'aria-pressed': String(this.state === state),
			onclick: () => this.choose(state),
		}, state ? words(state) : 'All'));
		const heads = [['State'], ['Event'], ['Operation', 'wide'], ['Attempts', 'medium number'], ['Last attempt', 'medium'], ['Answer', 'medium'],
			['Next attempt', 'wide'], ['Action']];
		fill(this.deliveries,
			h('div.head', h('h2', `Deliveries of ${idOf(this.hook.name)}`),
				h('button', { onclick: () => this.test(), disabled: Boolean(this.hook.disabled) }, 'Send a test event')),
			h('div.chips', { role: 'group', 'aria-label': 'State of deliveries' }, chips),
			this.rows.length ? table(`Deliveries of ${idOf(this.hook.name)}`, heads, this.rows.map((one) => this.row(one)))
				: h('p.empty', 'No deliveries.'),
			this.next ? h('div.actions', h('button', { onclick: () => this.doing(() => this.load(this.next)) }, 'Show older ones')) : null);
	}

	row(one) {
		const redeliver = one.state === 'PENDING' ? null
			: h('button.small', { onclick: () => this.redeliver(one), 'aria-label': `Redeliver ${event(one.eventType)} ${idOf(one.name)}` }, 'Redeliver');
		return h('tr', h('td', badge(one.state)), h('td', event(one.eventType)),
			h('td.wide', one.operation ? h('a', { href: `#/${one.operation}` }, idOf(one.operation)) : '–'),
			h('td.medium.number', one.attempts || 0), h('td.medium', time(one.lastAttemptTime)),
			h('td.medium', outcome(one)), h('td.wide', time(one.nextAttemptTime)), h('td', redeliver || '–'));
	}

	async choose(state) {
		this.state = state;
		await this.doing(() => this.load(''));
		this.deliveries.querySelector('.chip[aria-pressed=true]')?.focus();
		announce(`${this.rows.length} deliveries are shown.`);
	}

	async redeliver(one) {
		await this.doing(async () => {
			const changed = await webhooks('RedeliverWebhookDelivery', this.of({ name: one.name }));
			this.rows = this.rows.map((known) => (known.name === one.name ? changed : known));
			this.show();
			this.deliveries.querySelector('.chip[aria-pressed=true]')?.focus();
			announce('The event is sent again.');
		});
	}

	async test() {
		await this.doing(async () => {
			await webhooks('TestWebhook', this.of({ name: this.hook.name }));
			announce('A test event is sent.');
			await this.load('');
			this.deliveries.querySelector('button').focus();
		});
	}
});
