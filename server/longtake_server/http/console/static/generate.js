// SPDX-License-Identifier: Apache-2.0
// The form: what the model accepts, and what it may cost.

import { call } from './api.js';
import { announce, attempt, failure, fill, h, heading } from './dom.js';
import { idOf, labelsOf, labelText, money, words } from './format.js';

const REQUESTS = 'longtake.requests';
const MOST_REQUESTS = 20;
const EXCERPT = 80;

// The contract gives no prompt back, so a tab remembers the requests that it made.
const remembered = () => JSON.parse(sessionStorage.getItem(REQUESTS) || '{}');

function remember(name, request) {
	const requests = Object.entries({ ...remembered(), [name]: request }).slice(-MOST_REQUESTS);
	sessionStorage.setItem(REQUESTS, JSON.stringify(Object.fromEntries(requests)));
}

// crypto.randomUUID is missing where a page comes by plaintext from another machine.
const digit = () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16);
const uuid = () => '00000000-0000-4000-8000-000000000000'.replace(/0/g, digit);

// A violation names the field of the contract, and the form has the last part of it.
const fieldOf = (path) => path.split('.').pop().replace(/\[.*/, '').replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

customElements.define('lt-generate', class extends HTMLElement {
	connectedCallback() {
		this.fault = h('div');
		this.form = h('form.card.generate', {
			novalidate: true, autocomplete: 'off', onsubmit: (event) => this.submit(event), oninput: () => this.estimateSoon(),
			onchange: ({ target }) => target.name === 'model' && this.showOptions({}),
		});
		fill(this, heading('Generate a video'), this.fault, this.form);
		attempt(this.fault, async () => {
			const [{ models }, { webhooks: hooks = [] }, before] = await Promise.all([
				call('ListModels'), call('ListWebhooks').catch(() => ({})), this.before()]);
			this.models = models.filter((model) => model.stage !== 'RETIRED');
			this.build(hooks.filter((hook) => !hook.disabled).map(idOf), before);
		});
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
		const modelName = ({ displayName, modelId, stage }) => (
			`${displayName || modelId}${stage === 'GENERALLY_AVAILABLE' ? '' : ` (${words(stage).toLowerCase()})`}`);
		this.price = h('output');
		this.options = h('div.grid');
		fill(this.form,
			before.cut && h('p.note', `Only the first ${EXCERPT} characters of the prompt are known here, and none of the other settings.`),
			this.field('prompt', 'Prompt', h('textarea', { rows: 4, required: true }, before.prompt || '')),
			this.choice('model', 'Model', this.models.map((one) => [one.modelId, modelName(one)]), before.model),
			this.options,
			h('div.grid',
				this.field('labels', 'Labels', h('input', { placeholder: 'team=film, shot=12', value: labelText(config.labels) })),
				this.field('maxCost', 'Cost at most, in US dollars', h('input', { inputmode: 'decimal' })),
				hooks.length > 0 && this.choice('webhook', 'Webhook', [['', 'None'], ...hooks.map((id) => [id, id])], before.webhook)),
			h('div.actions', h('button.primary', 'Generate'), this.price));
		this.showOptions(config);
	}

	field(name, label, control) {
		control.name = name;
		control.id = `field-${name}`;
		control.setAttribute('aria-describedby', `fault-${name}`);
		return h('div', h('label', { for: control.id }, label), control, h('p.wrong', { id: `fault-${name}` }));
	}

	choice(name, label, options, chosen) {
		return this.field(name, label, h('select', options.map(([value, text]) => (
			h('option', { value, selected: String(value) === String(chosen) }, text)))));
	}

	showOptions(config) {
		const model = this.models.find((one) => one.modelId === this.form.elements.model.value);
		const choice = (name, label, values = [], chosen = config[name], unit = '') => (
			values.length > 0 && this.choice(name, label, values.map((value) => [value, `${value}${unit}`]), chosen));
		const counts = Array.from({ length: model.maxVideos || 1 }, (_, at) => at + 1);
		fill(this.options,
			choice('durationSeconds', 'Duration', model.durationsSeconds, config.durationSeconds || model.defaultDurationSeconds, ' s'),
			choice('resolution', 'Resolution', model.resolutions),
			choice('aspectRatio', 'Aspect ratio', model.aspectRatios),
			choice('numberOfVideos', 'Number of videos', counts),
			model.supportedFields?.includes('config.generate_audio')
				&& this.choice('generateAudio', 'Sound', [['', 'Default'], ['true', 'On'], ['false', 'Off']], config.generateAudio));
		this.estimateSoon();
	}

	request() {
		const value = (name) => this.form.elements[name]?.value.trim() || undefined;
		const config = { labels: labelsOf(value('labels') || '') };
		for (const name of ['durationSeconds', 'resolution', 'aspectRatio', 'numberOfVideos']) config[name] = value(name);
		if (value('generateAudio')) config.generateAudio = value('generateAudio') === 'true';
		const request = { model: value('model'), prompt: value('prompt'), config, webhook: value('webhook') };
		if (value('maxCost')) {
			const micros = Math.round(Number(value('maxCost')) * 1e6) || 0;
			request.maxCost = { currencyCode: 'USD', units: String(Math.floor(micros / 1e6)), nanos: (micros % 1e6) * 1000 };
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
			this.complain({});
			fill(this.price, 'At most ', h('strong', money(metadata.estimatedCost)));
		} catch (error) {
			this.complain(error);
			fill(this.price);
		}
	}

	// Shows what is wrong at its field, or else above the form.
	complain({ message, violations = [] }) {
		const others = violations.length || !message ? [] : [message];
		for (const told of this.form.querySelectorAll('.wrong')) told.textContent = '';
		for (const control of this.form.elements) control.removeAttribute('aria-invalid');
		for (const { field = '', description } of violations) {
			const control = this.form.elements[fieldOf(field)];
			if (control?.id) {
				control.setAttribute('aria-invalid', 'true');
				this.querySelector(`#fault-${control.name}`).textContent = description;
			} else others.push(`${field}: ${description}`);
		}
		fill(this.fault, others.map((text) => failure({ message: text })));
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
			location.hash = `#/operations/${idOf({ name })}`;
		} catch (error) {
			this.complain(error);
			announce(error.message);
			this.form.querySelector('[aria-invalid]')?.focus();
		}
		this.busy = false;
	}
});
