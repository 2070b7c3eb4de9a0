// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// Builds elements. Text becomes text nodes only, so no markup of a prompt is ever parsed.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// Says something to screen readers, in the one live region.
export function announce(text) {
  document.getElementById('status').textContent = text;
}

export function failure(error) {
  return h('p', { class: 'fault' }, h('strong', {}, 'That did not work. '), error.message);
}

export function table(caption, heads, rows) {
  const head = heads.map(([text, kind]) => h('th', { scope: 'col', class: kind }, text));
  return h('div', { class: 'scroll' }, h('table', {},
    h('caption', { class: 'unseen' }, caption),
    h('thead', {}, h('tr', {}, head)),
    h('tbody', {}, rows)));
}

export function confirmed(title, text, action) {
  return new Promise((resolve) => {
    const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' },
      h('form', { method: 'dialog' },
        h('h2', { id: 'dialog-title' }, title),
        h('p', {}, text),
        h('div', { class: 'actions' },
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
