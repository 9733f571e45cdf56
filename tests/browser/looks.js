/* SPDX-License-Identifier: ISC */
/*
 * looks.js - every page in every state and every way to look at it, in
 * Chromium: light, dark, 320 pixels, forced colours, 200 % text, German,
 * printed; and with the keyboard alone. Takes pictures for a person's eye.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { small } from './png.js';
import {
	check, file, launch, layoutFaults, long, quiet, same, signIn, sound,
	token, visit,
} from './lib.js';

const pictures = process.env.PICTURES;

/* Each way to look, as options of a context. */
const ways = {
	wide: {},
	dark: { colorScheme: 'dark' },
	narrow: { viewport: { width: 320, height: 640 } },
	forced: { forcedColors: 'active' },
	german: { locale: 'de-DE' },
	'german-narrow': { locale: 'de-DE',
		viewport: { width: 320, height: 640 } },
};

/* The pages of a tenant, and how to come to them. */
const pages = [
	['status', (v) => v.page.goto(v.base)],
	['renew', (v) => v.page.goto(`${v.base}renew`)],
	['check', (v) => bring(v, 'attacked-next.pem')],
	['topic', (v) => bring(v, 'other.pem')],
	['refused', (v) => bring(v, 'certs/web.pem')],
	['history', (v) => v.page.goto(`${v.base}history`)],
	['event', (v) => v.page.goto(`${v.base}event?n=2`)],
	['absent', (v) => v.page.goto(`${v.base}absent`)],
];

async function bring(v, name) {
	await v.page.goto(`${v.base}renew`);
	await v.page.fill('#text', readFileSync(file(name), 'utf8'));
	await Promise.all([v.page.waitForNavigation(),
		v.page.click('form[action$=check] button.main')]);
}

/* Opens whatever is folded. */
function unfold(v) {
	return v.page.evaluate(() => {
		for (const d of document.querySelectorAll('details'))
			d.open = true;
	});
}

/* The short form sees the pages that differ most. */
function chosen() {
	if (long)
		return pages;
	return pages.filter(([name]) => ['status', 'topic'].includes(name));
}

async function look(browser, way, options) {
	const v = await visit(browser, options);

	await v.page.goto(`${v.base}login`);
	await sound(v, `${way}-login`, { forced: way === 'forced' });
	await signIn(v, 'attacked');
	for (const [name, go] of chosen()) {
		await go(v);
		await unfold(v);
		await sound(v, `${way}-${name}`, { forced: way === 'forced' });
	}
	await v.context.close();
}

/* Each state of a certificate, with the place of the words below the bar. */
async function states(browser) {
	for (const alias of ['valid', 'soon', 'expired', 'hostile']) {
		for (const way of ['wide', 'narrow']) {
			const v = await visit(browser, ways[way]);

			await signIn(v, alias);
			await sound(v, `${way}-state-${alias}`, { axe: way === 'wide' });
			same(`${alias}, ${way}: words stand at their marks`,
			    await strayWords(v.page), []);
			await v.context.close();
		}
	}
}

/* The words of the bar that are not at a mark, and those that overlap. */
function strayWords(page) {
	return page.evaluate(() => {
		const faults = [];
		const marks = Array.from(document.querySelectorAll('.year .mark'))
		    .map((m) => m.getBoundingClientRect());
		const near = (x) => marks.some((m) =>
		    x >= m.left - 6 && x <= m.right + 6);
		const boxes = [];

		for (const line of document.querySelectorAll('.year .at')) {
			const arrow = line.querySelector('.arrow');
			const box = arrow.getBoundingClientRect();

			if (!near((box.left + box.right) / 2))
				faults.push(`not at a mark: ${line.innerText} ` +
				    `${Math.round(box.left)}`);
		}
		for (const span of document.querySelectorAll('.year span:has(time)')) {
			const box = span.getBoundingClientRect();

			if (boxes.some((b) => b.left < box.right &&
			    box.left < b.right && b.top < box.bottom &&
			    box.top < b.bottom))
				faults.push(`overlaps: ${span.innerText}`);
			boxes.push(box);
		}
		return faults;
	});
}

/* Every width between a telephone and a desk, in the language with the longer
 * words, at the place of the world with the longest local time. */
async function widths(browser) {
	const v = await visit(browser, { locale: 'de-DE',
		timezoneId: 'Pacific/Kiritimati' });
	const narrower = async (name) => {
		for (let width = 1280; width >= 320; width -= 40) {
			await v.page.setViewportSize({ width, height: 800 });
			same(`${name} at ${width} pixels`,
			    await layoutFaults(v.page), []);
		}
	};

	await signIn(v, 'attacked');
	for (const [name, go] of pages.filter(([name]) =>
	    ['status', 'topic', 'event', 'history'].includes(name))) {
		await go(v);
		await unfold(v);
		await narrower(name);
	}
	await signIn(v, 'provider');
	await narrower('tenants');
	await v.context.close();
}

/* Text of twice the size, as a person sets it in the browser. */
async function largeText() {
	const browser = await launch('--blink-settings=defaultFontSize=32,' +
	    'defaultFixedFontSize=26');
	const v = await visit(browser, { viewport: { width: 640, height: 800 } });

	await signIn(v, 'attacked');
	for (const [name, go] of chosen()) {
		await go(v);
		await unfold(v);
		same(`200 % text, ${name}: the layout`,
		    await layoutFaults(v.page), []);
		same(`200 % text, ${name}: the text is large`,
		    await v.page.evaluate(() =>
			getComputedStyle(document.body).fontSize), '32px');
		await v.page.screenshot({ fullPage: true,
			path: `${pictures}/large-${name}.png` });
	}
	await browser.close();
}

/* On paper: all facts, and no controls. */
async function print(browser) {
	const v = await visit(browser);

	await signIn(v, 'valid');
	await v.page.emulateMedia({ media: 'print' });
	const paper = await v.page.evaluate(() => ({
		controls: Array.from(document.querySelectorAll(
		    'button, input, nav, form, summary, .actions'))
		    .filter((e) => e.checkVisibility()).length,
		text: document.body.innerText,
	}));

	same('paper has no controls', paper.controls, 0);
	for (const fact of ['Valid', 'mdm@example.org', 'valid-topic', 'UTC',
		'renew from', 'ends'])
		check(`paper has the fact ${fact}`, paper.text.includes(fact),
		    paper.text);
	await v.page.screenshot({ fullPage: true,
		path: `${pictures}/print-status.png` });
	const pdf = await v.page.pdf({ format: 'A4' });

	writeFileSync(`${pictures}/print-status.pdf`, pdf);
	check('the status is one page of paper',
	    (pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g) ?? [])
	    .length === 1);
	quiet(v, 'print');
	await v.context.close();
}

/* A sign-in, a check and a sign-out with nothing but the keyboard. */
async function keyboard(browser) {
	const v = await visit(browser);
	const seen = [];
	const tabTo = async (selector) => {
		for (let i = 0; i < 60; i++) {
			await v.page.keyboard.press('Tab');
			const at = await v.page.evaluate((wanted) => {
				const e = document.activeElement;
				const style = getComputedStyle(e);

				return { found: e.matches(wanted),
					name: e.outerHTML.slice(0, 60),
					ring: style.outlineStyle !== 'none' ||
					    e === document.body };
			}, selector);

			if (!at.ring)
				seen.push(at.name);
			if (at.found)
				return true;
		}
		return check(`the keyboard reaches ${selector}`, false);
	};
	const go = (key) => Promise.all([v.page.waitForNavigation(),
		v.page.keyboard.press(key)]);

	await v.page.goto(`${v.base}login`);
	check('the sign-in has the focus',
	    await v.page.evaluate(() => document.activeElement.name) === 'token');
	await v.page.keyboard.type(token('valid'));
	await go('Enter');
	await v.page.keyboard.press('Tab');
	check('the first stop skips the links',
	    await v.page.evaluate(() => document.activeElement.className) ===
	    'skip');
	await v.page.screenshot({ path: `${pictures}/keyboard-skip.png` });
	await tabTo('nav a[href$=renew]');
	await go('Enter');
	await tabTo('#text');
	await v.page.keyboard.insertText(readFileSync(file('valid.pem'), 'utf8'));
	await tabTo('form[action$=check] button.main');
	await go('Enter');
	check('the keyboard leads to the check', v.page.url().endsWith('/check'));
	await tabTo('form[action$=logout] button');
	await go('Enter');
	check('and out', v.page.url().endsWith('/login'));
	same('each stop shows where it is', seen, []);
	quiet(v, 'keyboard');
	await v.context.close();
}

/* The pages of a provider. */
async function provider(browser) {
	if (token('provider') === '') {
		check('there is a token of a provider', false);
		return;
	}
	for (const way of long ? ['wide', 'narrow', 'german'] : ['narrow']) {
		const v = await visit(browser, ways[way]);

		await signIn(v, 'provider');
		check('a provider comes to the tenants',
		    new URL(v.page.url()).pathname.endsWith('/ui/tenants'),
		    v.page.url());
		await sound(v, `${way}-tenants`);
		await Promise.all([v.page.waitForNavigation(),
			v.page.click('table.list a >> nth=0')]);
		check('the first row is the certificate that ends first',
		    (await v.page.evaluate(() => document.body.innerText))
		    .includes('expired'));
		await sound(v, `${way}-tenant`);
		await v.context.close();
	}
}

/* The picture of README.md. */
async function poster(browser) {
	const v = await visit(browser, { viewport: { width: 1000, height: 700 },
		timezoneId: 'UTC' });

	await signIn(v, 'valid');
	const png = small(await v.page.screenshot({
		clip: { x: 0, y: 0, width: 1000, height: 620 } }));

	writeFileSync(`${pictures}/page.png`, png);
	check(`the picture of README.md is small: ${png.length} bytes`,
	    png.length < 60000);
	await v.context.close();
}

export const parts = {
	...Object.fromEntries(Object.entries(ways).map(([way, options]) =>
	    [way, (browser) => look(browser, way, options)])),
	states, widths, largeText, print, keyboard, provider, poster,
};
export const brief = ['german-narrow', 'provider'];
