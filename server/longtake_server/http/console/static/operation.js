// SPDX-License-Identifier: Apache-2.0
// One operation: what happens to it, its videos, and what can be done with it.

import { call, follow } from './api.js';
import { announce, attempt, bar, confirmed, failure, fill, h, heading, note } from './dom.js';
import { badge, between, idOf, labelText, money, seconds, time, title, words } from './format.js';

customElements.define('lt-operation', class extends HTMLElement {
	connectedCallback() {
		this.name = `operations/${this.getAttribute('name')}`;
		this.ended = new AbortController();
		this.heading = heading('Operation');
		this.state = h('span');
		this.actions = h('div.actions');
		this.fault = h('div');
		this.told = h('div');
		this.videos = h('div');
		this.timeline = h('section.card');
		this.facts = h('section.card');
		fill(this,
			h('p', h('a', { href: '#/' }, '← Operations')),
			h('div.head', this.heading, this.state),
			this.actions, this.fault, this.told, this.videos,
			h('div.columns', this.timeline, this.facts));
		follow('WatchOperation', this);
		this.ticking = setInterval(() => this.operation && !this.operation.done && this.showTimeline(), 1000);
	}

	disconnectedCallback() {
		this.ended.abort();
		clearInterval(this.ticking);
	}

	request() {
		return { name: this.name };
	}

	isOver(error) {
		if (!error.gone) return false;
		fill(this.fault, failure(error));
		fill(this.actions);
		announce(error.message);
		return true;
	}

	take({ operation }) {
		if (!operation) return;
		const before = this.operation?.metadata.state;
		this.operation = operation;
		const { state } = operation.metadata;
		this.heading.textContent = title(operation);
		fill(this.state, badge(state));
		if (before && before !== state) announce(`${words(state)}.`);
		this.showActions();
		this.showTold();
		this.showTimeline();
		this.showFacts();
		if (operation.response && !this.players) this.showVideos();
		if (operation.done && !operation.metadata.lateSuccess) this.ended.abort();
	}

	showActions() {
		const { done, metadata } = this.operation;
		const key = `${done} ${metadata.cancelRequested}`;
		// Buttons stay the same elements, so that the focus stays.
		if (this.shownActions === key) return;
		const hadFocus = this.actions.contains(document.activeElement);
		this.shownActions = key;
		fill(this.actions,
			h('a.button', { href: `#/new/${idOf(this.operation)}` }, 'Generate again'),
			!done && h('button', { onclick: () => this.cancel(), disabled: metadata.cancelRequested },
				metadata.cancelRequested ? 'Cancelling' : 'Cancel'),
			h('button.danger', { onclick: () => this.remove() }, 'Delete'));
		if (hadFocus) this.heading.focus();
	}

	cancel() {
		attempt(this.fault, async () => {
			await call('CancelOperation', { name: this.name });
			announce('The cancellation was requested.');
		});
	}

	async remove() {
		const { done } = this.operation;
		const text = done ? 'The record and its videos are deleted for good.'
			: 'The record is deleted for good. This does not cancel the generation, which may still be billed.';
		if (!await confirmed('Delete this operation?', text, 'Delete')) return;
		await attempt(this.fault, async () => {
			this.ended.abort();
			await call('DeleteOperation', { name: this.name });
			announce('The operation was deleted.');
			location.hash = '#/';
		});
	}

	showTold() {
		const { done, error, response, metadata } = this.operation;
		const warnings = [...(metadata.warnings || [])];
		if (response?.raiMediaFilteredCount) {
			warnings.push(`The upstream filtered ${response.raiMediaFilteredCount} videos.`, ...(response.raiMediaFilteredReasons || []));
		}
		fill(this.told,
			error && note('p.fault', words(metadata.state), error.message),
			!done && metadata.lastError && note('p.note', 'Waiting for the upstream', metadata.lastError.message),
			warnings.map((warning) => note('p.note', 'Warning', warning)));
	}

	showTimeline() {
		const { done, metadata } = this.operation;
		const now = new Date().toISOString();
		const { createTime, submitTime, endTime } = metadata;
		const queued = Math.max(0, between(createTime, submitTime || endTime || now));
		const worked = submitTime ? Math.max(0, between(submitTime, endTime || now)) : 0;
		const whole = queued + worked || 1;
		const step = (name, kind, value) => h('li', { class: kind }, name, h('span.number', value));
		fill(this.timeline, h('h2', 'Timeline'),
			bar({ 'aria-hidden': 'true' }, ['queue', queued / whole], ['work', worked / whole]), h('ol.steps',
			step('Accepted', 'point', time(createTime)),
			step(submitTime || done ? 'Waited in the queue' : 'Waiting in the queue', 'queue', seconds(queued)),
			submitTime && step('Accepted by the upstream', 'point', time(submitTime)),
			submitTime && step(done ? 'Generated' : 'Generating', 'work', seconds(worked)),
			done && step(words(metadata.state), 'point', time(endTime))));
	}

	showFacts() {
		const { done, metadata } = this.operation;
		const moment = (value) => value && time(value);
		const facts = [
			['Model', metadata.model],
			['Served by', metadata.servedModel],
			[done ? 'Cost by list price' : 'Cost at most', money(metadata.estimatedCost)],
			['Position in the queue', metadata.queuePosition],
			['Starts about', moment(metadata.estimatedStartTime)],
			['Ends about', !done && moment(metadata.estimatedFinishTime)],
			['Progress', !done && metadata.progressPercent !== undefined && `${metadata.progressPercent} %`],
			['Next attempt', !done && moment(metadata.nextRetryTime)],
			['Attempts', metadata.attempts],
			['Billed', metadata.billedSeconds !== undefined && `${metadata.billedSeconds} s of video`],
			['Labels', labelText(metadata.labels)],
			['Principal', metadata.principal],
			['Kept until', moment(metadata.expireTime)],
			['Name', this.name],
		];
		fill(this.facts, h('h2', 'Details'), h('dl',
			facts.filter(([, value]) => value).map(([name, value]) => [h('dt', name), h('dd', value)])));
	}

	showVideos() {
		this.players = (this.operation.response.generatedVideos || []).map(({ name, video }, at) => {
			if (video?.uri?.startsWith('gs://')) return h('p', 'The video is in your bucket: ', h('code', video.uri));
			const player = h('video', { controls: true, preload: 'metadata', playsinline: true, 'aria-label': `Video ${at + 1}` });
			const link = h('a', { target: '_blank', rel: 'noopener' }, 'Open the video by itself');
			const hint = h('p.hint', link);
			const load = async () => {
				const { url } = await call('CreateVideoUrl', { name });
				const { pathname, search } = new URL(url);
				// The player may load from this origin only, whatever name of it the server knows.
				player.src = pathname + search;
				link.href = url;
			};
			// An address lasts an hour. A video that the store's own address serves opens by itself only.
			player.addEventListener('error', () => { if (!player.retried) { player.retried = true; load().catch(() => {}); } });
			load().catch((error) => fill(hint, failure(error)));
			return h('figure', player, hint);
		});
		fill(this.videos, this.players);
	}
});
