// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// Shows the view that the address names, to whoever is signed in.

import { call, redeem, session } from './api.js';
import { announce, failure, fill, h } from './dom.js';
import './generate.js';
import './operation.js';
import './operations.js';
import './sign_in.js';
import './usage.js';
import './webhooks.js';

const main = document.getElementById('main');
const nav = document.querySelector('nav');
const who = document.getElementById('who');
let caller = null;

const VIEWS = [
	[/^\/$/, 'lt-operations', 'Operations'],
	[/^\/operations\/([\w-]+)$/, 'lt-operation', 'Operation'],
	[/^\/new(?:\/([\w-]+))?$/, 'lt-generate', 'Generate'],
	[/^\/usage$/, 'lt-usage', 'Usage'],
	[/^\/webhooks(?:\/([\w:-]+))?$/, 'lt-webhooks', 'Webhooks'],
];

function show(tag, title, argument) {
	document.title = `${title} · Longtake`;
	const view = h(tag, { name: argument });
	fill(main, view);
	for (const link of nav.querySelectorAll('a')) {
		const here = link.textContent === title || (link.textContent === 'Operations' && title === 'Operation');
		if (here) link.setAttribute('aria-current', 'page');
		else link.removeAttribute('aria-current');
	}
}

function route() {
	if (!caller) return;
	const path = location.hash.slice(1) || '/';
	for (const [pattern, tag, title] of VIEWS) {
		const found = pattern.exec(path);
		if (found) {
			show(tag, title, found[1]);
			main.querySelector('h1')?.focus();
			return;
		}
	}
	location.hash = '#/';
}

function signedOut() {
	if (session.key && caller) announce('You were signed out.');
	session.key = null;
	caller = null;
	nav.hidden = true;
	fill(who);
	show('lt-sign-in', 'Sign in');
	main.querySelector('input')?.focus();
}

async function start() {
	try {
		caller = await call('GetCaller');
	} catch (error) {
		if (error.unauthenticated) return;
		fill(main, h('h1', { tabindex: -1 }, 'Longtake'), failure(error), h('button', { onclick: start }, 'Try again'));
		return;
	}
	nav.hidden = false;
	fill(who, h('span', caller.principal || 'This machine'),
		session.key ? h('button.quiet', { onclick: () => { caller = null; signedOut(); } }, 'Sign out') : null);
	route();
}

async function begin() {
	const link = new URLSearchParams(location.hash.slice(1)).get('link');
	if (link) {
		history.replaceState(null, '', '#/');
		try {
			await redeem(link);
		} catch (error) {
			signedOut();
			main.querySelector('lt-sign-in').refuse(error);
			return;
		}
	}
	await start();
}

document.querySelector('.skip').addEventListener('click', (event) => {
	event.preventDefault();
	main.querySelector('h1')?.focus();
});
document.addEventListener('signed-out', signedOut);
document.addEventListener('signed-in', start);
addEventListener('hashchange', route);
begin();
