// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// Builds elements. Text becomes text nodes only, so no markup of a prompt is ever parsed.

// `tag` may have classes, as in `td.wide`. The attributes may be left out.
export function h(tag, ...rest) {
	const [name, ...classes] = tag.split('.');
	const element = document.createElement(name);
	element.classList.add(...classes);
	const attributes = rest[0]?.constructor === Object ? rest.shift() : {};
	for (const [key, value] of Object.entries(attributes)) {
		if (value === undefined || value === null || value === false) continue;
		if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
		else element.setAttribute(key, value === true ? '' : value);
	}
	return add(element, rest);
}

function add(element, children) {
	element.append(...children.flat(9).filter((child) => child !== null && child !== undefined));
	return element;
}

export function fill(element, ...children) {
	element.replaceChildren();
	return add(element, children);
}

// Says something to screen readers, in the one live region.
export function announce(text) {
	document.getElementById('status').textContent = text;
}

export function failure(error) {
	return h('p.fault', h('strong', 'That did not work. '), error.message);
}

export function table(caption, heads, rows) {
	const head = heads.map(([text, kind]) => h('th', { scope: 'col', class: kind }, text));
	return h('div.scroll', h('table', 
		h('caption.unseen', caption),
		h('thead', h('tr', head)),
		h('tbody', rows)));
}

export function confirmed(title, text, action) {
	return new Promise((resolve) => {
		const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' },
			h('form', { method: 'dialog' },
				h('h2', { id: 'dialog-title' }, title),
				h('p', text),
				h('div.actions',
					h('button', { value: '', autofocus: true }, 'Keep it'),
					h('button', { value: 'yes', class: 'danger' }, action))),
		);
		dialog.addEventListener('close', () => {
			dialog.remove();
			resolve(dialog.returnValue === 'yes');
		});
		document.body.append(dialog);
		dialog.showModal();
	});
}
