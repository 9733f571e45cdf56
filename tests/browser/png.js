/* SPDX-License-Identifier: ISC */
/*
 * png.js - makes a small PNG file of a picture that the browser has taken: 256
 * colours at most, without filters, which suits a page of text.
 */
import { deflateSync, inflateSync } from 'node:zlib';

function crc32(bytes) {
	let crc = ~0;

	for (const byte of bytes) {
		crc ^= byte;
		for (let i = 0; i < 8; i++)
			crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc >>> 0;
}

/* A chunk of a file: length, type, content, checksum. */
function chunk(type, content) {
	const bytes = Buffer.alloc(12 + content.length);

	bytes.writeUInt32BE(content.length);
	bytes.write(type, 4, 'latin1');
	content.copy(bytes, 8);
	bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), 8 + content.length);
	return bytes;
}

function chunks(png, type) {
	const found = [];

	for (let at = 8; at < png.length;) {
		const n = png.readUInt32BE(at);

		if (png.toString('latin1', at + 4, at + 8) === type)
			found.push(png.subarray(at + 8, at + 8 + n));
		at += 12 + n;
	}
	return Buffer.concat(found);
}

function paeth(a, b, c) {
	const p = a + b - c;
	const pa = Math.abs(p - a), pb = Math.abs(p - b), pc = Math.abs(p - c);

	return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* Undoes the filters of the rows (PNG specification, section 9). */
function unfiltered(data, rowBytes, bpp) {
	const rows = data.length / (rowBytes + 1);
	const out = Buffer.alloc(rows * rowBytes);

	for (let y = 0; y < rows; y++) {
		const filter = data[y * (rowBytes + 1)];
		const from = y * (rowBytes + 1) + 1, to = y * rowBytes;

		for (let x = 0; x < rowBytes; x++) {
			const a = x >= bpp ? out[to + x - bpp] : 0;
			const b = y > 0 ? out[to + x - rowBytes] : 0;
			const c = x >= bpp && y > 0 ? out[to + x - rowBytes - bpp] : 0;

			out[to + x] = data[from + x] + [0, a, b, a + b >> 1,
				paeth(a, b, c)][filter];
		}
	}
	return out;
}

/* Takes a file with 8 bits for each of red, green and blue. */
export function small(png) {
	const head = Buffer.from(chunks(png, 'IHDR'));
	const width = head.readUInt32BE(0), height = head.readUInt32BE(4);
	const bpp = head[9] === 6 ? 4 : 3;
	const pixels = unfiltered(inflateSync(chunks(png, 'IDAT')), width * bpp,
	    bpp);
	const palette = new Map();
	const rows = Buffer.alloc(height * (width + 1));
	/* 18 levels of a channel, among them black and white. */
	const level = (value) => Math.round(value / 15) * 15;

	for (let i = 0; i < width * height; i++) {
		const colour = [0, 1, 2].map((k) => level(pixels[i * bpp + k]));
		const key = colour.join();

		if (!palette.has(key))
			palette.set(key, [palette.size, colour]);
		rows[i + Math.floor(i / width) + 1] = palette.get(key)[0];
	}
	if (palette.size > 256)
		throw new Error(`${palette.size} colours are too many`);
	head[9] = 3;
	return Buffer.concat([png.subarray(0, 8), chunk('IHDR', head),
		chunk('PLTE', Buffer.from(Array.from(palette.values())
		    .flatMap(([, colour]) => colour))),
		chunk('IDAT', deflateSync(rows, { level: 9 })),
		chunk('IEND', Buffer.alloc(0))]);
}
