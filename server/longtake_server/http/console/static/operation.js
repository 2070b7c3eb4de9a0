// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// One operation: what happens to it, its videos, and what can be done with it.

import { call, follow, HEARTBEAT, stream } from './api.js';
import { announce, confirmed, failure, fill, h } from './dom.js';
import { badge, between, idOf, money, seconds, time, title, words } from './format.js';

// The player may load from this origin only, whatever name of it the server knows.
const onThisOrigin = (url) => {
	const address = new URL(url);
	return location.origin + address.pathname + address.search;
};

customElements.define('lt-operation', class extends HTMLElement {
	connectedCallback() {
		this.name = `operations/${this.getAttribute('name')}`;
		this.ended = new AbortController();
		this.heading = h('h1', { tabindex: -1 }, 'Operation');
		this.state = h('span');
		this.actions = h('div.actions');
		this.fault = h('div');
		this.told = h('div');
		this.videos = h('div');
		this.timeline = h('section.card', { 'aria-labelledby': 'timeline' });
		this.facts = h('section.card', { 'aria-labelledby': 'facts' });
		fill(this,
			h('p.back', h('a', { href: '#/' }, '← Operations')),
			h('div.head', this.heading, this.state),
			this.actions, this.fault, this.told, this.videos,
			h('div.columns', this.timeline, this.facts));
		follow(
			() => stream('WatchOperation', { name: this.name, heartbeatInterval: HEARTBEAT }, this.ended.signal),
			(message) => message.operation && this.take(message.operation),
			(error) => this.interrupted(error),
			this.ended.signal,
		);
		this.ticking = setInterval(() => this.operation && !this.operation.done && this.showTimeline(), 1000);
	}

	disconnectedCallback() {
		this.ended.abort();
		clearInterval(this.ticking);
	}

	interrupted(error) {
		if (!error.gone) return false;
		this.leave(error);
		return true;
	}

	leave(error) {
		this.ended.abort();
		fill(this.fault, failure(error));
		fill(this.actions);
		announce(error.message);
	}

	take(operation) {
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
			h('a.button', { href: `#/new/${idOf(this.name)}` }, 'Generate again'),
			done ? null : h('button', { onclick: () => this.cancel(), disabled: Boolean(metadata.cancelRequested) },
				metadata.cancelRequested ? 'Cancelling' : 'Cancel'),
			h('button.danger', { onclick: () => this.remove() }, 'Delete'));
		if (hadFocus) this.heading.focus();
	}

	async cancel() {
		await this.doing(async () => {
			await call('CancelOperation', { name: this.name });
			announce('The cancellation was requested.');
		});
	}

	async remove() {
		const { done } = this.operation;
		const text = done ? 'The record and its videos are deleted for good.'
			: 'The record is deleted for good. This does not cancel the generation, which may still be billed.';
		if (!await confirmed('Delete this operation?', text, 'Delete')) return;
		await this.doing(async () => {
			this.ended.abort();
			await call('DeleteOperation', { name: this.name });
			announce('The operation was deleted.');
			location.hash = '#/';
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

	showTold() {
		const { error, response, metadata } = this.operation;
		const filtered = response?.raiMediaFilteredCount
			? [`The upstream filtered ${response.raiMediaFilteredCount} videos. ${(response.raiMediaFilteredReasons || []).join(' ')}`] : [];
		fill(this.told,
			error ? h('p.fault', h('strong', `${words(metadata.state)}. `), error.message) : null,
			!this.operation.done && metadata.lastError
				? h('p.note', h('strong', 'Waiting for the upstream. '), metadata.lastError.message) : null,
			[...(metadata.warnings || []), ...filtered].map((warning) => h('p.note', h('strong', 'Warning. '), warning)));
	}

	showTimeline() {
		const { done, metadata } = this.operation;
		const now = new Date().toISOString();
		const { createTime, submitTime, endTime } = metadata;
		const queued = Math.max(0, between(createTime, submitTime || endTime || now));
		const worked = submitTime ? Math.max(0, between(submitTime, endTime || now)) : 0;
		const bar = h('div.bar', { 'aria-hidden': 'true' }, h('span.queue'), h('span.work'));
		bar.children[0].style.flexGrow = queued || 0.001;
		bar.children[1].style.flexGrow = worked;
		const step = (name, kind, value) => h('li', { class: kind }, h('span', name), h('span', value));
		fill(this.timeline, h('h2', { id: 'timeline' }, 'Timeline'), bar, h('ol.steps',
			step('Accepted', 'point', time(createTime)),
			step(submitTime || done ? 'Waited in the queue' : 'Waiting in the queue', 'queue', seconds(queued)),
			submitTime ? step('Accepted by the upstream', 'point', time(submitTime)) : null,
			submitTime ? step(done ? 'Generated' : 'Generating', 'work', seconds(worked)) : null,
			done ? step(words(metadata.state), 'point', time(endTime)) : null));
	}

	showFacts() {
		const { done, metadata } = this.operation;
		const facts = [
			['Model', metadata.model],
			['Served by', metadata.servedModel],
			[done ? 'Cost by list price' : 'Cost at most', money(metadata.estimatedCost)],
			['Position in the queue', metadata.queuePosition],
			['Starts about', metadata.estimatedStartTime && time(metadata.estimatedStartTime)],
			['Ends about', !done && metadata.estimatedFinishTime && time(metadata.estimatedFinishTime)],
			['Progress', !done && metadata.progressPercent !== undefined && `${metadata.progressPercent} %`],
			['Next attempt', !done && metadata.nextRetryTime && time(metadata.nextRetryTime)],
			['Attempts', metadata.attempts],
			['Billed', metadata.billedSeconds !== undefined && `${metadata.billedSeconds} s of video`],
			['Labels', Object.entries(metadata.labels || {}).map((pair) => pair.join('=')).join(', ')],
			['Principal', metadata.principal],
			['Kept until', metadata.expireTime && time(metadata.expireTime)],
			['Name', this.name],
		];
		fill(this.facts, h('h2', { id: 'facts' }, 'Details'), h('dl', 
			facts.filter(([, value]) => value).map(([name, value]) => [h('dt', name), h('dd', value)])));
	}

	showVideos() {
		this.players = (this.operation.response.generatedVideos || []).map(({ name, video }, at) => {
			if (video?.uri?.startsWith('gs://')) return h('p', 'The video is in your bucket: ', h('code', video.uri));
			const player = h('video', { controls: true, preload: 'metadata', playsinline: true, 'aria-label': `Video ${at + 1}` });
			const link = h('a', { target: '_blank', rel: 'noopener' }, 'Open the video by itself');
			const note = h('p.hint', link);
			const load = async () => {
				const { url } = await call('CreateVideoUrl', { name });
				player.src = onThisOrigin(url);
				link.href = url;
			};
			// An address lasts an hour. A video that the store's own address serves opens by itself only.
			player.addEventListener('error', () => { if (!player.retried) { player.retried = true; load().catch(() => {}); } });
			load().catch((error) => fill(note, failure(error)));
			return h('figure', player, note);
		});
		fill(this.videos, this.players);
	}
});
