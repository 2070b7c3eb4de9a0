// SPDX-License-Identifier: Apache-2.0
// The live list: one list call for a page, and one stream of what changes.

import { call, follow } from './api.js';
import { announce, attempt, failure, fill, h, heading, row, table } from './dom.js';
import { badge, between, chips, idOf, labelOf, money, seconds, time, title, words } from './format.js';

const PAGE = 50;
const STATES = ['QUEUED', 'SUBMITTING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'];
const COLUMNS = [['State'], ['Prompt', 'prompt'], ['Model', 'wide'], ['Accepted', 'medium'], ['Queued', 'wide number'],
	['Worked', 'medium number'], ['Cost', 'medium number']];
// What was shown, so that who comes back sees it at once and asks only for what changed.
const kept = { filter: { state: '', model: '', label: '', text: '' }, rows: new Map(), next: '', position: '' };

function asked({ state, model, label }) {
	const [key, value] = labelOf(label);
	return [state && `state = ${state}`, model && `model = "${model}"`, label && `labels.${key} = "${value}"`]
		.filter(Boolean).join(' AND ');
}

function matches({ metadata }, { state, model, label }) {
	const [key, value] = labelOf(label);
	return (!state || metadata.state === state) && (!model || metadata.model === model)
		&& (!label || metadata.labels?.[key] === value);
}

function has({ name, metadata }, text) {
	return [metadata.promptExcerpt, name, metadata.principal, metadata.model]
		.some((one) => one?.toLowerCase().includes(text.toLowerCase()));
}

const created = (operation) => operation.metadata.createTime;

customElements.define('lt-operations', class extends HTMLElement {
	connectedCallback() {
		this.ended = new AbortController();
		this.elements = new Map();
		this.build();
		this.render();
		follow('WatchOperations', this);
	}

	disconnectedCallback() {
		this.ended.abort();
	}

	build() {
		this.live = h('span.live.badge', 'Connecting');
		this.chips = chips('State', STATES, kept.filter.state, (state) => this.filterBy({ state }));
		this.fault = h('div');
		this.list = table('Operations, the newest first', COLUMNS, []);
		this.rows = this.list.querySelector('tbody');
		this.more = h('button', { onclick: () => this.load(kept.next) }, 'Show older ones');
		this.empty = h('div.empty');
		const field = (name, label, hint, happens) => h('label', label, h('input', {
			name, value: kept.filter[name], placeholder: hint, autocomplete: 'off',
			[happens]: (event) => this.filterBy({ [name]: event.target.value.trim() }),
		}));
		fill(this,
			h('div.head', heading('Operations'), this.live, h('a.button.primary', { href: '#/new' }, 'Generate a video')),
			this.chips,
			h('form.filters', { onsubmit: (event) => event.preventDefault() },
				field('model', 'Model', 'veo-3.1-generate-001', 'onchange'), field('label', 'Label', 'team=film', 'onchange'),
				field('text', 'Text in this list', 'prompt, id or principal', 'oninput')),
			this.fault, this.list, this.empty, h('div.actions', this.more));
	}

	async filterBy(change) {
		Object.assign(kept.filter, change);
		if ('text' in change) this.render();
		else await this.load('');
		announce(`${this.elements.size} operations are shown.`);
	}

	async load(pageToken) {
		await attempt(this.fault, async () => {
			const page = await call('ListOperations', { filter: asked(kept.filter), pageSize: PAGE, pageToken });
			if (!pageToken) kept.rows.clear();
			for (const operation of page.operations || []) this.keep(operation);
			kept.next = page.nextPageToken || '';
		});
		this.render();
	}

	request() {
		return { afterPosition: kept.position };
	}

	async take(message) {
		this.say('Live', 'enabled');
		const first = !kept.position;
		if (message.position) kept.position = message.position;
		if (first) await this.load('');
		else if (message.deletion) this.remove(message.deletion.name);
		else if (message.operation) this.change(message.operation);
		else return;
		this.frame ??= requestAnimationFrame(() => {
			this.frame = undefined;
			this.render();
		});
	}

	isOver(error) {
		this.say('Reconnecting', '');
		// The changes since the position are not kept, or the store is older: begin anew.
		if (error.reason?.startsWith('POSITION')) kept.position = '';
		if (error.reason === 'TOO_MANY_WATCHES') fill(this.fault, failure(error));
		return false;
	}

	say(text, kind) {
		this.live.textContent = text;
		this.live.className = `live badge ${kind}`;
	}

	keep(operation) {
		const known = kept.rows.get(operation.name);
		if (!(Number(known?.revision) > Number(operation.revision))) kept.rows.set(operation.name, operation);
	}

	change(operation) {
		const known = kept.rows.get(operation.name);
		if (!matches(operation, kept.filter)) {
			kept.rows.delete(operation.name);
			return;
		}
		// An older one is on a page that was not asked for.
		if (!known && kept.next && [...kept.rows.values()].every((one) => created(operation) < created(one))) return;
		this.keep(operation);
		if (known && !known.done && operation.done) announce(`${title(operation)}: ${words(operation.metadata.state)}.`);
	}

	remove(name) {
		const known = kept.rows.get(name);
		if (known && kept.rows.delete(name)) announce(`${title(known)}: deleted.`);
	}

	render() {
		const { filter, next, position, rows } = kept;
		const all = [...rows.values()].sort((one, other) => (created(one) < created(other) ? 1 : -1));
		const shown = all.filter((one) => has(one, filter.text));
		for (const chip of this.chips.children) {
			const state = chip.value;
			chip.ariaPressed = state === filter.state;
			const count = state ? all.filter((one) => one.metadata.state === state).length : all.length;
			const isCounted = !filter.state || filter.state === state;
			fill(chip, words(state) || 'All', isCounted && h('b.number', `${count}${next ? '+' : ''}`));
		}
		this.place(shown);
		this.more.hidden = !next;
		this.list.hidden = !shown.length;
		this.empty.hidden = shown.length > 0 || !position;
		fill(this.empty, Object.values(filter).some(Boolean)
			? h('p', 'No operation is like that.')
			: [h('h2', 'No videos yet'), h('p', 'Generate one, and watch here how it comes to be.')]);
	}

	// Keeps the elements of rows, so that the focus stays where it is.
	place(shown) {
		const before = this.elements;
		this.elements = new Map(shown.map((one) => [one.name, this.written(before.get(one.name), one)]));
		for (const [name, known] of before) if (!this.elements.has(name)) known.row.remove();
		[...this.elements.values()].forEach((known, at) => {
			const there = this.rows.children[at];
			if (there !== known.row) this.rows.insertBefore(known.row, there || null);
		});
	}

	written(before, operation) {
		if (before?.operation === operation) return before;
		const link = before?.link || h('a', { href: `#/operations/${idOf(operation)}` });
		const known = { operation, link, row: before?.row || row(COLUMNS, ['', link]) };
		const { state, progressPercent, model, createTime, submitTime, endTime, estimatedCost } = operation.metadata;
		const left = submitTime || endTime;
		const [first, , ...others] = known.row.cells;
		link.textContent = title(operation);
		fill(first, badge(state), state === 'RUNNING' && progressPercent !== undefined && ` ${progressPercent} %`);
		const values = [model, time(createTime), left ? seconds(between(createTime, left)) : '–',
			submitTime && endTime ? seconds(between(submitTime, endTime)) : '–', money(estimatedCost)];
		others.forEach((cell, at) => fill(cell, values[at]));
		return known;
	}
});
