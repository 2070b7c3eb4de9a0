// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// Calls the contract: one POST with JSON for a method, and a line of JSON for each message of a stream.

const KEY = 'longtake.key';
const CALL_MILLISECONDS = 30_000;
// Heartbeats come every 10 seconds, so a stream that is silent for longer is broken.
const SILENCE_MILLISECONDS = 25_000;
export const HEARTBEAT = '10s';

export const session = {
	get key() { return sessionStorage.getItem(KEY); },
	set key(key) {
		if (key) sessionStorage.setItem(KEY, key);
		else sessionStorage.removeItem(KEY);
	},
};

export class ApiError extends Error {
	constructor(error = {}) {
		super(error.message || 'The server cannot be reached.');
		this.code = error.code;
		const details = error.details || [];
		this.reason = details.find((one) => one.reason)?.reason || '';
		this.violations = details.flatMap((one) => one.fieldViolations || []);
	}

	// Google's number of the code in a stream, the status of HTTP otherwise.
	get unauthenticated() { return this.code === 401 || this.code === 16; }
	get gone() { return this.code === 404 || this.code === 5; }
}

function send(path, body, signal) {
	const headers = { 'content-type': 'application/json' };
	if (session.key) headers.authorization = `Bearer ${session.key}`;
	return fetch(`console/api/${path}`, {
		method: 'POST', headers, body: JSON.stringify(body), signal, cache: 'no-store', credentials: 'omit',
	});
}

function refused(error) {
	if (error.unauthenticated) document.dispatchEvent(new CustomEvent('signed-out'));
	return error;
}

async function checked(answer) {
	if (answer.ok) return answer;
	const body = await answer.json().catch(() => ({}));
	throw refused(new ApiError(body.error || { code: answer.status, message: `The server answered ${answer.status}.` }));
}

async function sent(path, body, signal) {
	try {
		return await checked(await send(path, body, signal));
	} catch (error) {
		if (error instanceof ApiError || error.name === 'AbortError') throw error;
		throw new ApiError();
	}
}

export async function call(method, body = {}, service = 'VideoService') {
	const answer = await sent(`longtake.v1.${service}/${method}`, body, AbortSignal.timeout(CALL_MILLISECONDS));
	return answer.json();
}

export const webhooks = (method, body) => call(method, body, 'WebhookService');

export async function redeem(link) {
	const answer = await sent('signIn', { link }, AbortSignal.timeout(CALL_MILLISECONDS));
	session.key = (await answer.json()).key;
}

export async function* stream(method, body, signal) {
	const silent = new AbortController();
	const answer = await sent(`longtake.v1.VideoService/${method}`, body, AbortSignal.any([signal, silent.signal]));
	const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
	let timer;
	let text = '';
	try {
		for (;;) {
			clearTimeout(timer);
			timer = setTimeout(() => silent.abort(), SILENCE_MILLISECONDS);
			const { value, done } = await reader.read();
			if (done) return;
			const lines = (text + value).split('\n');
			text = lines.pop();
			for (const line of lines) {
				const message = JSON.parse(line);
				if (message.error) throw refused(new ApiError(message.error));
				yield message;
			}
		}
	} finally {
		clearTimeout(timer);
		silent.abort();
	}
}

// Reads a stream again and again until `signal` ends it, or `take` or an error says that it is over.
export async function follow(open, take, interrupted, signal) {
	let pause = 500;
	while (!signal.aborted) {
		try {
			for await (const message of open()) {
				pause = 500;
				if (signal.aborted) return;
				await take(message);
			}
		} catch (error) {
			if (signal.aborted || error.unauthenticated) return;
			if (interrupted(error)) return;
		}
		const wait = pause * (0.5 + Math.random());
		await new Promise((resolve) => { setTimeout(resolve, wait); });
		pause = Math.min(pause * 2, 30_000);
	}
}
