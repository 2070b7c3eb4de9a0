// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// The form: what the model accepts, and what it may cost.

import { call, webhooks } from './api.js';
import { announce, failure, fill, h } from './dom.js';
import { idOf, labelsOf, money, words } from './format.js';

const REQUESTS = 'longtake.requests';
const MOST_REQUESTS = 20;
const EXCERPT = 80;

// The contract gives no prompt back, so a tab remembers the requests that it made.
const remembered = () => JSON.parse(sessionStorage.getItem(REQUESTS) || '{}');

function remember(name, request) {
	const entries = [...Object.entries(remembered()), [name, request]].slice(-MOST_REQUESTS);
	sessionStorage.setItem(REQUESTS, JSON.stringify(Object.fromEntries(entries)));
}

// crypto.randomUUID is missing where a page comes by plaintext from another machine.
function uuid() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	bytes[6] = (bytes[6] & 15) | 64;
	bytes[8] = (bytes[8] & 63) | 128;
	const text = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
	return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// A violation names the field of the contract, and the form has the last part of it.
const fieldOf = (path) => path.split('.').pop().replace(/\[.*/, '').replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

customElements.define('lt-generate', class extends HTMLElement {
	async connectedCallback() {
		this.fault = h('div');
		this.form = h('form.card.generate', { novalidate: true, onsubmit: (event) => this.submit(event), oninput: () => this.estimateSoon() });
		fill(this, h('h1', { tabindex: -1 }, 'Generate a video'), this.fault, this.form);
		try {
			const [{ models }, hooks, before] = await Promise.all([
				call('ListModels'), webhooks('ListWebhooks').catch(() => ({})), this.before()]);
			this.models = models.filter((model) => model.stage !== 'RETIRED');
			this.build(hooks.webhooks || [], before);
		} catch (error) {
			fill(this.fault, failure(error));
		}
	}

	disconnectedCallback() {
		clearTimeout(this.waiting);
	}

	async before() {
		const id = this.getAttribute('name');
		if (!id) return {};
		const name = `operations/${id}`;
		const request = remembered()[name];
		if (request) return request;
		const { metadata } = await call('GetOperation', { name });
		const prompt = metadata.promptExcerpt || '';
		return { model: metadata.model, prompt, cut: prompt.length >= EXCERPT, config: { labels: metadata.labels } };
	}

	build(hooks, before) {
		const config = before.config || {};
		this.note = h('p.note', { hidden: !before.cut },
			'Only the first 80 characters of the prompt are known here, and none of the other settings.');
		this.price = h('output.price', { name: 'price' }, '');
		this.options = h('div.grid');
		const model = h('select', { name: 'model', onchange: () => this.showOptions({}) },
			this.models.map((one) => h('option', { value: one.modelId, selected: one.modelId === before.model },
				`${one.displayName || one.modelId}${one.stage === 'GENERALLY_AVAILABLE' ? '' : ` (${words(one.stage).toLowerCase()})`}`)));
		const prompt = h('textarea', { name: 'prompt', rows: 4, required: true });
		prompt.value = before.prompt || '';
		const labels = Object.entries(config.labels || {}).map((pair) => pair.join('=')).join(', ');
		fill(this.form, this.note,
			this.field('prompt', 'Prompt', prompt), this.field('model', 'Model', model), this.options,
			h('div.grid',
				this.field('labels', 'Labels', h('input', { name: 'labels', placeholder: 'team=film, shot=12', autocomplete: 'off', value: labels })),
				this.field('maxCost', 'Cost at most, in US dollars', h('input', { name: 'maxCost', inputmode: 'decimal', autocomplete: 'off' })),
				hooks.length ? this.field('webhook', 'Webhook', h('select', { name: 'webhook' }, h('option', { value: '' }, 'None'),
					hooks.filter((one) => !one.disabled).map((one) => h('option', {
						value: idOf(one.name), selected: idOf(one.name) === before.webhook }, idOf(one.name))))) : null),
			h('div.actions', h('button.primary', 'Generate'), this.price));
		this.showOptions(config);
		this.querySelector('h1').focus();
	}

	field(name, label, control) {
		control.id = `field-${name}`;
		control.setAttribute('aria-describedby', `fault-${name}`);
		return h('div.field', h('label', { for: control.id }, label), control,
			h('p.wrong', { id: `fault-${name}` }));
	}

	showOptions(config) {
		const model = this.models.find((one) => one.modelId === this.form.elements.model.value);
		const choice = (name, label, values, chosen, unit = '') => values?.length && this.field(name, label, h('select', { name },
			values.map((value) => h('option', { value, selected: String(value) === String(chosen) }, `${value}${unit}`))));
		const counts = Array.from({ length: model.maxVideos || 1 }, (_, at) => at + 1);
		fill(this.options, [
			choice('durationSeconds', 'Duration', model.durationsSeconds, config.durationSeconds || model.defaultDurationSeconds, ' s'),
			choice('resolution', 'Resolution', model.resolutions, config.resolution),
			choice('aspectRatio', 'Aspect ratio', model.aspectRatios, config.aspectRatio),
			choice('numberOfVideos', 'Number of videos', counts, config.numberOfVideos),
			model.supportedFields?.includes('config.generate_audio')
				? choice('generateAudio', 'Sound', ['Default', 'On', 'Off'], config.generateAudio === undefined ? '' : ['Off', 'On'][Number(config.generateAudio)])
				: null,
		].filter(Boolean));
		this.estimateSoon();
	}

	request() {
		const value = (name) => this.form.elements[name]?.value.trim() || undefined;
		const config = { aspectRatio: value('aspectRatio'), resolution: value('resolution') };
		for (const name of ['durationSeconds', 'numberOfVideos']) if (value(name)) config[name] = Number(value(name));
		if (['On', 'Off'].includes(value('generateAudio'))) config.generateAudio = value('generateAudio') === 'On';
		if (value('labels')) config.labels = labelsOf(value('labels'));
		const request = { model: value('model'), prompt: value('prompt'), config, webhook: value('webhook') };
		if (value('maxCost')) {
			const cents = Math.round(Number(value('maxCost')) * 1e6) || 0;
			request.maxCost = { currencyCode: 'USD', units: String(Math.floor(cents / 1e6)), nanos: (cents % 1e6) * 1000 };
		}
		return request;
	}

	estimateSoon() {
		clearTimeout(this.waiting);
		this.waiting = setTimeout(() => this.estimate(), 300);
	}

	async estimate() {
		const request = this.request();
		try {
			// The price does not depend on the prompt, which may not be there yet.
			const { metadata } = await call('GenerateVideos', { ...request, prompt: request.prompt || '-', validateOnly: true });
			this.complain([]);
			fill(this.price, 'At most ', h('strong', money(metadata.estimatedCost)));
		} catch (error) {
			this.complain(error.violations || []);
			fill(this.price, error.violations?.length ? '' : error.message);
		}
	}

	complain(violations) {
		const unknown = [];
		for (const control of this.form.querySelectorAll('.wrong')) control.textContent = '';
		for (const control of this.form.elements) control.removeAttribute('aria-invalid');
		for (const { field, description } of violations) {
			const control = this.form.elements[fieldOf(field || '')];
			if (control?.id) {
				control.setAttribute('aria-invalid', 'true');
				this.querySelector(`#fault-${control.name}`).textContent = description;
			} else unknown.push(`${field}: ${description}`);
		}
		fill(this.fault, unknown.map((text) => failure(new Error(text))));
	}

	async submit(event) {
		event.preventDefault();
		clearTimeout(this.waiting);
		if (this.busy) return;
		this.busy = true;
		const request = this.request();
		// The same id for the same request: pressing twice, or again after a lost answer, generates once.
		const text = JSON.stringify(request);
		if (this.last !== text) Object.assign(this, { last: text, id: uuid() });
		try {
			const { name } = await call('GenerateVideos', { ...request, requestId: this.id });
			remember(name, request);
			announce('The generation was accepted.');
			location.hash = `#/operations/${idOf(name)}`;
		} catch (error) {
			this.complain(error.violations || []);
			if (!error.violations?.length) fill(this.fault, failure(error));
			announce(error.message);
			this.form.querySelector('[aria-invalid]')?.focus();
		}
		this.busy = false;
	}
});
