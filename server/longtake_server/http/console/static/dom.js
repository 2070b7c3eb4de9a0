// SPDX-License-Identifier: Apache-2.0
// Builds elements. Text becomes text nodes only, so no markup of a prompt is ever parsed.

// `tag` may have classes, as in `td.wide`. The attributes may be left out, and what is false is not shown.
export function h(tag, ...rest) {
	const [name, ...classes] = tag.split('.');
	const element = document.createElement(name);
	const attributes = rest[0]?.constructor === Object ? rest.shift() : {};
	for (const [key, value] of Object.entries(attributes)) {
		if (value === undefined || value === false) continue;
		if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
		else element.setAttribute(key, value === true ? '' : value);
	}
	element.classList.add(...classes);
	return fill(element, rest);
}

export function fill(element, ...children) {
	element.replaceChildren(...children.flat(9).filter((child) => child || child === 0));
	return element;
}

export const heading = (text) => h('h1', { tabindex: -1 }, text);

// Says something to screen readers, in the one live region.
export function announce(text) {
	document.getElementById('status').textContent = text;
}

export const note = (kind, title, text) => h(kind, h('strong', `${title}. `), text);

export const failure = (error) => note('p.fault', 'That did not work', error.message);

// Does something, and tells at `place` why it failed.
export async function attempt(place, action) {
	fill(place);
	try {
		await action();
	} catch (error) {
		// Who is signed out sees another view already.
		if (error.unauthenticated) return;
		fill(place, failure(error));
		announce(error.message);
	}
}

// A column is its heading and its classes. Cells of the class `name` are the headings of their rows.
export function row(columns, values) {
	return h('tr', columns.map(([, kind], at) => (
		kind === 'name' ? h('th', { scope: 'row' }, values[at]) : h('td', { class: kind }, values[at]))));
}

export function table(caption, columns, rows) {
	return h('div.scroll', h('table', { 'aria-label': caption },
		h('thead', h('tr', columns.map(([text, kind]) => h('th', { scope: 'col', class: kind }, text)))),
		h('tbody', rows.map((values) => row(columns, values)))));
}

// A part is its class and its share of the whole.
export function bar(attributes, ...parts) {
	return h('div.bar', attributes, parts.map(([kind, share]) => {
		const part = h('span', { class: kind });
		part.style.width = `${Math.min(1, share) * 100}%`;
		return part;
	}));
}

export function confirmed(title, text, action) {
	return new Promise((resolve) => {
		const dialog = h('dialog', { 'aria-label': title },
			h('form', { method: 'dialog' },
				h('h2', title),
				h('p', text),
				h('div.actions',
					h('button', { value: '', autofocus: true }, 'Keep it'),
					h('button.danger', { value: 'yes' }, action))),
		);
		dialog.addEventListener('close', () => {
			dialog.remove();
			resolve(dialog.returnValue === 'yes');
		});
		document.body.append(dialog);
		dialog.showModal();
	});
}
