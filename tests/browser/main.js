/* SPDX-License-Identifier: ISC */
/*
 * main.js NAME... - runs the tests of these names in Chromium, one after the
 * other.
 */
import { launch, long, run, watchdog } from './lib.js';

watchdog(long ? 900 : 150);

const browser = await launch();
let good = true;

for (const name of process.argv.slice(2)) {
	const { parts, brief } = await import(`./${name}.js`);

	good = await run(name, parts, brief, browser) && good;
}
await browser.close();
process.exit(good ? 0 : 1);
