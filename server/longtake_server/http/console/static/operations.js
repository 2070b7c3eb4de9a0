// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// The live list: one list call for a page, and one stream of what changes.

import { call, follow, HEARTBEAT, stream } from './api.js';
import { announce, failure, fill, h, table } from './dom.js';
import { badge, between, idOf, money, seconds, STATES, time, title, words } from './format.js';

const PAGE = 50;
// What was shown, so that who comes back sees it at once and asks only for what changed.
const kept = { filter: { state: '', model: '', label: '', text: '' }, rows: new Map(), next: '', position: '' };

function asked({ state, model, label }) {
	const parts = [];
	if (state) parts.push(`state = ${state}`);
	if (model) parts.push(`model = "${model}"`);
	if (label) {
		const [key, ...value] = label.split('=');
		parts.push(`labels.${key.trim()} = "${value.join('=').trim()}"`);
	}
	return parts.join(' AND ');
}

function matches(operation, { state, model, label }) {
	const { metadata } = operation;
	const [key, ...value] = label.split('=');
	return (!state || metadata.state === state) && (!model || metadata.model === model)
		&& (!label || metadata.labels?.[key.trim()] === value.join('=').trim());
}

function has(operation, text) {
	const { metadata } = operation;
	return [metadata.promptExcerpt, operation.name, metadata.principal, metadata.model]
		.some((one) => one?.toLowerCase().includes(text.toLowerCase()));
}

customElements.define('lt-operations', class extends HTMLElement {
	connectedCallback() {
		this.ended = new AbortController();
		this.elements = new Map();
		this.build();
		this.render();
		follow(
			() => stream('WatchOperations', { afterPosition: kept.position, heartbeatInterval: HEARTBEAT }, this.ended.signal),
			(message) => this.take(message),
			(error) => this.interrupted(error),
			this.ended.signal,
		);
	}

	disconnectedCallback() {
		this.ended.abort();
	}

	build() {
		const { filter } = kept;
		this.live = h('span.live', 'Connecting');
		this.states = ['', ...STATES].map((state) => h('button', {
			type: 'button', class: 'chip', 'aria-pressed': String(filter.state === state), onclick: () => this.filterBy({ state }),
		}));
		this.fault = h('div');
		this.body = h('div');
		this.more = h('button', { onclick: () => this.load(kept.next), hidden: true }, 'Show older ones');
		this.empty = h('div.empty', { hidden: true });
		const field = (name, label, hint) => h('label', label, h('input', {
			name, value: filter[name], placeholder: hint, autocomplete: 'off',
			[name === 'text' ? 'oninput' : 'onchange']: (event) => this.filterBy({ [name]: event.target.value.trim() }),
		}));
		fill(this,
			h('div.head', h('h1', { tabindex: -1 }, 'Operations'), this.live,
				h('a.button.primary', { href: '#/new' }, 'Generate a video')),
			h('div.chips', { role: 'group', 'aria-label': 'State' }, this.states),
			h('form.filters', { onsubmit: (event) => event.preventDefault() },
				field('model', 'Model', 'veo-3.1-generate-001'), field('label', 'Label', 'team=film'),
				field('text', 'Text in this list', 'prompt, id or principal')),
			this.fault, this.body, this.empty, h('div.actions', this.more));
		this.rows = h('tbody');
		const list = table('Operations, the newest first', [
			['State'], ['Prompt'], ['Model', 'wide'], ['Accepted', 'medium'], ['Queued', 'wide number'], ['Worked', 'medium number'],
			['Cost', 'medium number']], []);
		list.querySelector('tbody').replaceWith(this.rows);
		this.body.append(list);
	}

	async filterBy(change) {
		Object.assign(kept.filter, change);
		this.states.forEach((chip, at) => chip.setAttribute('aria-pressed', String(kept.filter.state === ['', ...STATES][at])));
		if ('text' in change) this.render();
		else await this.load('');
		announce(`${this.shown} operations are shown.`);
	}

	async load(pageToken) {
		fill(this.fault);
		try {
			const page = await call('ListOperations', { filter: asked(kept.filter), pageSize: PAGE, pageToken });
			if (!pageToken) kept.rows.clear();
			for (const operation of page.operations || []) this.keep(operation);
			kept.next = page.nextPageToken || '';
		} catch (error) {
			fill(this.fault, failure(error));
		}
		this.render();
	}

	async take(message) {
		this.live.textContent = 'Live';
		this.live.classList.add('on');
		const first = !kept.position;
		if (message.position) kept.position = message.position;
		if (first) await this.load('');
		else if (message.deletion) this.remove(message.deletion.name);
		else if (message.operation) this.change(message.operation);
		else return;
		this.later();
	}

	interrupted(error) {
		this.live.textContent = 'Reconnecting';
		this.live.classList.remove('on');
		// The changes since the position are not kept, or the store is older: begin anew.
		if (error.reason?.startsWith('POSITION')) kept.position = '';
		if (error.reason === 'TOO_MANY_WATCHES') fill(this.fault, failure(error));
		return false;
	}

	keep(operation) {
		const known = kept.rows.get(operation.name);
		if (!known || Number(known.revision) <= Number(operation.revision)) kept.rows.set(operation.name, operation);
	}

	change(operation) {
		const { name, metadata } = operation;
		const known = kept.rows.get(name);
		if (!matches(operation, kept.filter)) {
			kept.rows.delete(name);
			return;
		}
		const oldest = [...kept.rows.values()].reduce((old, one) => (one.metadata.createTime < old ? one.metadata.createTime : old), '9');
		// An older one is on a page that was not asked for.
		if (!known && kept.next && metadata.createTime < oldest) return;
		this.keep(operation);
		if (known && !known.done && operation.done) announce(`${title(operation)}: ${words(metadata.state)}.`);
	}

	remove(name) {
		const known = kept.rows.get(name);
		if (known && kept.rows.delete(name)) announce(`${title(known)}: deleted.`);
	}

	later() {
		this.frame ??= requestAnimationFrame(() => {
			this.frame = undefined;
			this.render();
		});
	}

	render() {
		const all = [...kept.rows.values()].sort((one, other) => (one.metadata.createTime < other.metadata.createTime ? 1 : -1));
		const shown = kept.filter.text ? all.filter((one) => has(one, kept.filter.text)) : all;
		this.shown = shown.length;
		const counts = {};
		for (const one of all) counts[one.metadata.state] = (counts[one.metadata.state] || 0) + 1;
		['', ...STATES].forEach((state, at) => {
			const isCounted = !kept.filter.state || kept.filter.state === state;
			const count = state ? counts[state] || 0 : all.length;
			fill(this.states[at], state ? words(state) : 'All', isCounted ? h('b', `${count}${kept.next ? '+' : ''}`) : null);
		});
		this.place(shown);
		this.more.hidden = !kept.next;
		this.body.hidden = !shown.length;
		this.empty.hidden = shown.length > 0 || !kept.position;
		fill(this.empty, Object.values(kept.filter).some(Boolean)
			? h('p', 'No operation is like that.')
			: [h('h2', 'No videos yet'), h('p', 'Generate one, and watch here how it comes to be.')]);
	}

	// Keeps the elements of rows, so that the focus stays where it is.
	place(shown) {
		const names = new Set(shown.map((one) => one.name));
		for (const [name, { row }] of this.elements) {
			if (!names.has(name)) {
				row.remove();
				this.elements.delete(name);
			}
		}
		shown.forEach((operation, at) => {
			let known = this.elements.get(operation.name);
			if (!known) {
				const link = h('a', { href: `#/operations/${idOf(operation.name)}` });
				known = { row: h('tr'), link, cell: h('td.prompt', link) };
				this.elements.set(operation.name, known);
			}
			if (known.operation !== operation) this.write(known, operation);
			if (this.rows.children[at] !== known.row) this.rows.insertBefore(known.row, this.rows.children[at] || null);
		});
	}

	write(known, operation) {
		const { metadata } = operation;
		known.operation = operation;
		known.link.textContent = title(operation);
		const began = metadata.submitTime || metadata.endTime;
		const note = metadata.state === 'RUNNING' && metadata.progressPercent !== undefined ? ` ${metadata.progressPercent} %` : '';
		const cells = [
			h('td', badge(metadata.state), note),
			h('td.wide', metadata.model),
			h('td.medium', time(metadata.createTime)),
			h('td.wide.number', began ? seconds(between(metadata.createTime, began)) : '–'),
			h('td.medium.number',
				metadata.submitTime && metadata.endTime ? seconds(between(metadata.submitTime, metadata.endTime)) : '–'),
			h('td.medium.number', money(metadata.estimatedCost)),
		];
		if (!known.cell.parentNode) known.row.append(known.cell);
		while (known.row.firstChild !== known.cell) known.row.firstChild.remove();
		while (known.row.lastChild !== known.cell) known.row.lastChild.remove();
		known.row.prepend(cells[0]);
		known.row.append(...cells.slice(1));
	}
});
