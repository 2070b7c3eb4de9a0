// SPDX-License-Identifier: Apache-2.0

import { session } from './api.js';
import { failure, fill, h, heading } from './dom.js';

customElements.define('lt-sign-in', class extends HTMLElement {
	connectedCallback() {
		this.fault = h('div', { role: 'alert' });
		this.field = h('input', {
			id: 'key', type: 'password', autocomplete: 'off', spellcheck: 'false', required: true, 'aria-describedby': 'key-hint',
		});
		fill(this, h('form.card.sign-in', { onsubmit: (event) => this.submit(event) },
			heading('Sign in'),
			h('p', 'This server asks its callers who they are.'),
			this.fault,
			h('label', { for: 'key' }, 'API key or token'),
			this.field,
			h('p.hint', { id: 'key-hint' }, 'It is kept in this tab only, until you close it.'),
			h('button.primary', 'Sign in'),
			h('p.hint', 'Do you operate the server? ', h('code', 'longtake-server console'),
				' prints a link that signs you in once.')));
	}

	submit(event) {
		event.preventDefault();
		session.key = this.field.value.trim();
		document.dispatchEvent(new CustomEvent('signed-in'));
	}

	refuse(error) {
		fill(this.fault, failure(error));
	}
});
