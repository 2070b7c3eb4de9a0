// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0
// Turns values of the contract into words and elements.

import { h } from './dom.js';

export const STATES = ['QUEUED', 'SUBMITTING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'];

export const words = (name) => (name ? name[0] + name.slice(1).toLowerCase().replaceAll('_', ' ') : '');

export const idOf = (name) => name.split('/').pop();

export function badge(state) {
	return h('span', { class: `badge ${(state || 'unknown').toLowerCase()}` }, words(state || 'UNKNOWN'));
}

const amount = (money) => Number(money.units || 0) + (money.nanos || 0) / 1e9;

export function money(value) {
	if (!value) return '–';
	const sum = amount(value);
	return new Intl.NumberFormat('en', {
		style: 'currency', currency: value.currencyCode || 'USD', maximumFractionDigits: sum && sum < 0.1 ? 4 : 2,
	}).format(sum);
}

export const amountOf = (value) => (value ? amount(value) : 0);

export function seconds(value) {
	if (value < 10) return `${Math.max(0, value).toFixed(1)} s`;
	if (value < 120) return `${Math.round(value)} s`;
	if (value < 7200) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
	return `${Math.floor(value / 3600)} h ${Math.round((value % 3600) / 60)} min`;
}

export const between = (from, to) => (new Date(to) - new Date(from)) / 1000;

export function time(value) {
	if (!value) return document.createTextNode('–');
	const moment = new Date(value);
	const today = moment.toDateString() === new Date().toDateString();
	const text = today ? moment.toLocaleTimeString() : moment.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
	return h('time', { datetime: value, title: moment.toLocaleString() }, text);
}

export const day = (date) => `${date.year}-${String(date.month).padStart(2, '0')}-${String(date.day).padStart(2, '0')}`;

export const title = (operation) => operation.metadata.promptExcerpt || idOf(operation.name);

// A key=value of each line or comma.
export function labelsOf(text) {
	const labels = {};
	for (const pair of text.split(/[,\n]/).map((one) => one.trim()).filter(Boolean)) {
		const [key, ...rest] = pair.split('=');
		labels[key.trim()] = rest.join('=').trim();
	}
	return labels;
}
