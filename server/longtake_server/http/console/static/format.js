// SPDX-License-Identifier: Apache-2.0
// Turns values of the contract into words and elements.

import { h } from './dom.js';

export const words = (name) => (name ? name[0] + name.slice(1).toLowerCase().replaceAll('_', ' ') : '');

export const idOf = ({ name }) => name.split('/').pop();

export const title = (operation) => operation.metadata.promptExcerpt || idOf(operation);

export const badge = (state = 'UNKNOWN') => h('span', { class: `badge ${state.toLowerCase()}` }, words(state));

// A button for each state and one for all, of which the chosen one is pressed.
export function chips(label, states, chosen, choose) {
	return h('div.chips', { role: 'group', 'aria-label': label }, ['', ...states].map((state) => h('button.chip', {
		value: state, 'aria-pressed': String(state === chosen), onclick: () => choose(state),
	}, words(state) || 'All')));
}

export const amountOf = (money) => Number(money?.units || 0) + (money?.nanos || 0) / 1e9;

export function money(value) {
	if (!value) return '–';
	const amount = amountOf(value);
	return new Intl.NumberFormat('en', {
		style: 'currency', currency: value.currencyCode || 'USD', maximumFractionDigits: amount && amount < 0.1 ? 4 : 2,
	}).format(amount);
}

export function seconds(value) {
	if (value < 10) return `${Math.max(0, value).toFixed(1)} s`;
	if (value < 120) return `${Math.round(value)} s`;
	if (value < 7200) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
	return `${Math.floor(value / 3600)} h ${Math.round((value % 3600) / 60)} min`;
}

export const between = (from, to) => (new Date(to) - new Date(from)) / 1000;

export function time(value) {
	if (!value) return '–';
	const moment = new Date(value);
	const today = moment.toDateString() === new Date().toDateString();
	const text = today ? moment.toLocaleTimeString() : moment.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
	return h('time', { datetime: value, title: moment.toLocaleString() }, text);
}

export const day = (date) => [date.year, date.month, date.day].map((part) => String(part).padStart(2, '0')).join('-');

// A label as it is typed: key=value.
export function labelOf(text) {
	const [key, ...value] = text.split('=');
	return [key.trim(), value.join('=').trim()];
}

export const labelsOf = (text) => Object.fromEntries(text.split(/[,\n]/).filter((one) => one.trim()).map(labelOf));

export const labelText = (labels = {}) => Object.entries(labels).map((label) => label.join('=')).join(', ');
