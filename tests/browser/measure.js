/* SPDX-License-Identifier: ISC */
/*
 * measure.js - bytes, requests and times of the status page in Chromium, for
 * scripts/bench and the long form. The first visit has an empty cache.
 */
import { check, signIn, visit } from './lib.js';

/* Loads a page; returns its figures. The browser counts the times of each
 * document from its begin. */
async function load(v, client, url) {
	const got = { bytes: 0, requests: 0 };
	const add = (e) => {
		got.bytes += e.encodedDataLength;
	};
	const count = (e) => {
		got.requests += e.response.fromDiskCache ||
		    e.response.fromPrefetchCache ? 0 : 1;
	};
	const cached = () => {
		got.requests--;
	};

	client.on('Network.loadingFinished', add);
	client.on('Network.responseReceived', count);
	client.on('Network.requestServedFromCache', cached);
	await v.page.goto(url, { waitUntil: 'networkidle' });
	const { metrics } = await client.send('Performance.getMetrics');

	client.off('Network.loadingFinished', add);
	client.off('Network.responseReceived', count);
	client.off('Network.requestServedFromCache', cached);
	for (const [name, metric] of [['script', 'ScriptDuration'],
		['task', 'TaskDuration']])
		got[name] = metrics.find((m) => m.name === metric).value * 1000;
	/* The page can be used when its scripts have run. */
	got.ready = await v.page.evaluate(() =>
		performance.getEntriesByType('navigation')[0]
		    .domContentLoadedEventEnd);
	return got;
}

function median(values) {
	return values.sort((a, b) => a - b)[values.length >> 1];
}

async function status(browser) {
	const v = await visit(browser);
	const client = await v.context.newCDPSession(v.page);

	await signIn(v, 'valid');
	await client.send('Network.enable');
	await client.send('Performance.enable', { timeDomain: 'threadTicks' });
	await client.send('Network.clearBrowserCache');
	const first = await load(v, client, v.base);
	const later = [];

	for (let i = 0; i < 9; i++)
		later.push(await load(v, client, v.base));
	const script = median(later.map((l) => l.script));
	const ready = median(later.map((l) => l.ready));

	console.log('  In Chromium, the status page: first visit ' +
	    `${first.bytes} bytes in ${first.requests} requests;\n` +
	    `  later visits ${later[0].bytes} bytes in ${later[0].requests} ` +
	    `request(s), script ${script.toFixed(1)} ms, all work ` +
	    `${median(later.map((l) => l.task)).toFixed(0)} ms of the thread;\n` +
	    `  interactive after ${first.ready.toFixed(0)} ms, and ` +
	    `${ready.toFixed(0)} ms later`);
	check(`the script takes less than 5 ms of the thread: ${script}`,
	    script < 5);
	check(`a first visit has less than 10 KB: ${first.bytes}`,
	    first.bytes < 10000);
	check(`a later visit has less than 3 KB: ${later[0].bytes}`,
	    later[0].bytes < 3000);
	check(`and one request: ${later[0].requests}`,
	    later.every((l) => l.requests === 1));
	await v.context.close();
}

export const parts = { status };
export const brief = ['status'];
