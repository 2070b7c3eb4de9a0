// SPDX-License-Identifier: Apache-2.0
// Shows the view that the address names, to whoever is signed in.

import { call, redeem, session } from './api.js';
import { failure, fill, h, heading } from './dom.js';
import './generate.js';
import './operation.js';
import './operations.js';
import './sign_in.js';
import './usage.js';
import './webhooks.js';

const main = document.getElementById('main');
const nav = document.querySelector('nav');
let caller = null;

const VIEWS = new Map([
	['', 'Operations'],
	['operations', 'Operation'],
	['new', 'Generate'],
	['usage', 'Usage'],
	['webhooks', 'Webhooks'],
]);

// The element of a view has the name of its title.
function show(title, name) {
	document.title = `${title} · Longtake`;
	fill(main, h(`lt-${title.toLowerCase().replace(' ', '-')}`, { name }));
	// One operation belongs to Operations.
	for (const link of nav.children) link.ariaCurrent = link.textContent.startsWith(title) ? 'page' : null;
}

const focusHeading = () => main.querySelector('h1')?.focus();

function route() {
	if (!caller) return;
	const [, path = '', name] = location.hash.split('/');
	const view = VIEWS.get(path);
	if (view) {
		show(view, name);
		focusHeading();
	} else location.hash = '#/';
}

function signedOut() {
	sessionStorage.clear();
	// A new page remembers nothing of what the caller saw.
	if (caller) location.reload();
	else {
		show('Sign in');
		main.querySelector('input').focus();
	}
}

async function start() {
	const { key } = session;
	try {
		caller = await call('GetCaller');
	} catch (error) {
		if (!error.unauthenticated) fill(main, heading('Longtake'), failure(error), h('button', { onclick: start }, 'Try again'));
		else if (key) main.firstChild.refuse(error);
		return;
	}
	nav.hidden = false;
	fill(document.getElementById('who'), h('span', caller.principal || 'This machine'),
		key && h('button.quiet', { onclick: signedOut }, 'Sign out'));
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
			main.firstChild.refuse(error);
			return;
		}
	}
	await start();
}

document.querySelector('.skip').addEventListener('click', (event) => {
	event.preventDefault();
	focusHeading();
});
document.addEventListener('signed-out', signedOut);
document.addEventListener('signed-in', start);
addEventListener('hashchange', route);
begin();
