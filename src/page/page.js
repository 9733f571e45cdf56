/*
 * page.js - saves steps. Each page also works without it: it shows the local
 * time beside UTC, copies texts, sends a form when a file is chosen or dropped,
 * keeps private keys in the browser, and guards against a form sent twice.
 * `embed` drops comments and indentation, so a comment stands on lines of its
 * own.
 *
 * The words come from the script's element, data-here and data-copied, and from
 * div.drop, data-key and data-one. Hooks in the page:
 *
 *   time.moment[datetime]      gets the local time
 *   code + button.copy         copies the text of the code
 *   div.drop > input           the file of a form; the form is sent when a file
 *                              is chosen, unless it has a private key
 *   textarea                   is searched for a private key, too
 *   input[data-equals]         enables the button of its form if its value is
 *                              equal
 */
(function () {
'use strict';
var words = document.currentScript.dataset;

function each(selector, call) {
	document.querySelectorAll(selector).forEach(call);
}

function two(n) {
	return (n < 10 ? '0' : '') + n;
}

/* Intl takes 40 ms at its first use, so the date is written here. */
each('time.moment', function (time) {
	var d = new Date(time.dateTime), here;
	var day = d.getFullYear() + '-' + two(d.getMonth() + 1) + '-' + two(d.getDate());
	if (isNaN(d) || !d.getTimezoneOffset())
		return;
	here = document.createElement('span');
	here.textContent = '(' + (day === time.dateTime.slice(0, 10) ? '' : day + ' ') +
		two(d.getHours()) + ':' + two(d.getMinutes()) + ' ' + words.here + ')';
	time.append(' ', here);
});

/* Only https has navigator.clipboard. */
function copy(code) {
	var range = document.createRange(), chosen = getSelection();
	if (navigator.clipboard)
		return navigator.clipboard.writeText(code.textContent);
	range.selectNodeContents(code);
	chosen.removeAllRanges();
	chosen.addRange(range);
	return document.execCommand('copy') ? Promise.resolve() : Promise.reject();
}

each('.copy', function (button) {
	var word = button.textContent;
	button.hidden = false;
	button.setAttribute('aria-live', 'polite');
	button.onclick = function () {
		copy(button.previousElementSibling).then(function () {
			button.textContent = words.copied;
			setTimeout(function () { button.textContent = word; }, 2000);
		}, function () {});
	};
});

/* A sequence that begins with a small number is a key or PKCS#12. A certificate
 * and a request begin with another sequence. The bytes are compared one by one:
 * TextDecoder's latin1 is windows-1252. */
function isKey(b) {
	var at = b[1] > 128 ? b[1] - 126 : 2;
	return b[0] === 48 && b[at] === 2 && b[at + 1] === 1 && b[at + 2] < 4;
}

function bytesOf(text) {
	return text.split('').map(function (c) { return c.charCodeAt(0); });
}

/* PEM in any encoding without its NULs, an encrypted key (its algorithm is one
 * of PKCS#5 or PKCS#12), and base64 of one of the above. */
function holdsKey(text) {
	var bare = text.replace(/\0/g, ''), start = bare.replace(/\s/g, '').slice(0, 16);
	return /BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key/.test(bare) ||
		/^0[^]{3,12}\x2a\x86H\x86\xf7\r\x01[\x05\f]/.test(text) ||
		/^MI[A-Za-z0-9+\/]{14}$/.test(start) && isKey(bytesOf(atob(start)));
}

function check(file, done) {
	var reader = new FileReader();
	reader.onload = function () {
		var b = new Uint8Array(reader.result), text = '', i;
		for (i = 0; i < b.length; i++)
			text += String.fromCharCode(b[i]);
		done(isKey(b) || holdsKey(text));
	};
	reader.onerror = function () { done(false); };
	reader.readAsArrayBuffer(file.slice(0, 1 << 20));
}

function warn(form, word) {
	var box = form.querySelector('.stop') || document.createElement('p');
	box.className = 'stop notice bad';
	box.tabIndex = -1;
	box.setAttribute('role', 'alert');
	box.textContent = word;
	form.sent = false;
	form.prepend(box);
	box.focus();
}

function refuse(form, field) {
	field.value = '';
	warn(form, form.querySelector('.drop').dataset.key);
}

/* Sends the form once its file and its text have no key. */
function send(form) {
	var text = form.querySelector('textarea'), input = form.querySelector('[type=file]');
	if (text && holdsKey(text.value))
		return refuse(form, text);
	if (!input || !input.files.length)
		return form.submit();
	check(input.files[0], function (found) {
		if (found)
			refuse(form, input);
		else
			form.submit();
	});
}

each('form', function (form) {
	var drop = form.querySelector('.drop');
	form.onsubmit = function (event) {
		if (form.sent || drop)
			event.preventDefault();
		if (form.sent)
			return;
		form.sent = true;
		setTimeout(function () { form.sent = false; }, 5000);
		if (drop)
			send(form);
	};
});

each('.drop', function (drop) {
	var input = drop.querySelector('input'), form = input.form;
	input.onchange = function () {
		if (input.files.length)
			send(form);
	};
	/* A file that is dropped beside the field would replace the page. */
	function over(event, on) {
		var files = event.dataTransfer.types.indexOf('Files') >= 0;
		if (files)
			event.preventDefault();
		drop.classList.toggle('good', on && files);
		return files;
	}
	document.ondragover = function (event) { over(event, true); };
	document.ondragleave = function (event) { over(event, false); };
	document.ondrop = function (event) {
		var files = event.dataTransfer.files;
		if (!over(event, false))
			return;
		if (files.length !== 1)
			return warn(form, drop.dataset.one);
		input.files = files;
		send(form);
	};
});

function confirm(input) {
	var button = input.form.querySelector('button');
	function update() {
		button.disabled = input.value.trim() !== input.dataset.equals;
	}
	input.oninput = update;
	update();
}

/* A page may come back from the history with the state that it had. */
addEventListener('pageshow', function () {
	each('form', function (form) { form.sent = false; });
	each('[data-equals]', confirm);
});
})();
