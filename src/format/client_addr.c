/* SPDX-License-Identifier: ISC */
/*
 * client_addr.c - IP addresses as servers and proxies write them.
 */
#include "format/client_addr.h"

#include <arpa/inet.h>
#include <string.h>

/* Removes brackets, port and zone, which proxies add in X-Forwarded-For. */
static struct str
bare(struct str peer)
{
	struct str rest = peer, host;

	if (str_starts(peer, "[")) {
		rest = str_tail(peer, 1);
		host = str_cut(&rest, ']');
	} else {
		host = str_cut(&rest, ':');
		/* More than one colon: an IPv6 address without brackets. */
		if (!str_is_null(rest) && memchr(rest.p, ':', rest.n) != NULL)
			host = peer;
	}
	return str_cut(&host, '%');
}

bool
client_addr_parse(struct str peer, uint8_t out[CLIENT_ADDR_LEN])
{
	static const uint8_t mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		0xff };
	struct str host = bare(peer);
	char text[INET6_ADDRSTRLEN];

	if (peer.n == 0 || host.n >= sizeof(text) ||
	    memchr(peer.p, '\0', peer.n) != NULL)
		return false;
	memset(text, 0, sizeof(text));
	if (host.n > 0)
		memcpy(text, host.p, host.n);
	memcpy(out, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out + sizeof(mapped)) == 1 ||
	    inet_pton(AF_INET6, text, out) == 1;
}

/* Compares addresses by value, because they have several spellings, and other
 * names as text. */
static bool
is_same(struct str a, struct str b)
{
	uint8_t address[2][CLIENT_ADDR_LEN];

	if (client_addr_parse(a, address[0]) &&
	    client_addr_parse(b, address[1]))
		return memcmp(address[0], address[1], CLIENT_ADDR_LEN) == 0;
	return str_ieq(a, b);
}

bool
client_addr_is_in(struct str list, struct str item)
{
	while (!str_is_null(list))
		if (is_same(str_trim(str_cut(&list, ',')), item))
			return true;
	return false;
}

struct str
client_addr(struct str remote, struct str forwarded, struct str trusted)
{
	struct str peer = remote;

	while (forwarded.n > 0 && client_addr_is_in(trusted, peer)) {
		size_t n = forwarded.n;

		while (n > 0 && forwarded.p[n - 1] != ',')
			n--;
		peer = str_trim(str_tail(forwarded, n));
		forwarded.n = n > 0 ? n - 1 : 0;
	}
	return peer;
}
