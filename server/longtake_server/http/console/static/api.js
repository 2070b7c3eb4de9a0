// SPDX-License-Identifier: Apache-2.0
// Calls the contract: one POST with JSON for a method, and a line of JSON for each message of a stream.

const KEY = 'longtake.key';
const CALL_MILLISECONDS = 30_000;
// Heartbeats come every 10 seconds, so a stream that is silent for longer is broken.
const SILENCE_MILLISECONDS = 25_000;

export const session = {
	get key() { return sessionStorage.getItem(KEY); },
	set key(key) { sessionStorage.setItem(KEY, key); },
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

function refused(error) {
	if (error.unauthenticated) document.dispatchEvent(new CustomEvent('signed-out'));
	return error;
}

async function post(path, body, signal = AbortSignal.timeout(CALL_MILLISECONDS)) {
	const headers = { 'content-type': 'application/json' };
	if (session.key) headers.authorization = `Bearer ${session.key}`;
	let answer;
	try {
		answer = await fetch(`console/api/${path}`, {
			method: 'POST', headers, body: JSON.stringify(body), signal, cache: 'no-store', credentials: 'omit',
		});
	} catch (error) {
		throw error.name === 'AbortError' ? error : new ApiError();
	}
	if (answer.ok) return answer;
	const { error } = await answer.json().catch(() => ({}));
	throw refused(new ApiError(error || { code: answer.status, message: `The server answered ${answer.status}.` }));
}

export async function call(method, body = {}) {
	const service = method.includes('Webhook') ? 'WebhookService' : 'VideoService';
	return (await post(`longtake.v1.${service}/${method}`, body)).json();
}

export async function redeem(link) {
	session.key = (await (await post('signIn', { link })).json()).key;
}

async function* stream(method, body, signal) {
	const silent = new AbortController();
	const answer = await post(`longtake.v1.VideoService/${method}`, { ...body, heartbeatInterval: '10s' },
		AbortSignal.any([signal, silent.signal]));
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

// Reads a stream into a view again and again, until the view has ended or an error ends it.
export async function follow(method, view) {
	const { signal } = view.ended;
	let pause = 500;
	while (!signal.aborted) {
		try {
			for await (const message of stream(method, view.request(), signal)) {
				pause = 500;
				if (signal.aborted) return;
				await view.take(message);
			}
		} catch (error) {
			if (signal.aborted || error.unauthenticated || view.isOver(error)) return;
		}
		const wait = pause * (0.5 + Math.random());
		await new Promise((resolve) => { setTimeout(resolve, wait); });
		pause = Math.min(pause * 2, 30_000);
	}
}
