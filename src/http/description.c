/* SPDX-License-Identifier: ISC */
/*
 * description.c - the part that both descriptions share: what a path denotes.
 */
#include "http/description.h"

size_t
description_length(const struct route *route)
{
	size_t n = 0;

	while (n < PATH_WORDS_MAX && !str_is_null(route->segment[n]))
		n++;
	return n;
}

/* A step from an entity or a collection along one pattern of a path. */
static struct description_path
step(struct description_path from, struct str pattern)
{
	struct description_path none = { .type = MODEL_NONE };
	struct model_property p;
	int found;

	if (from.many && str_is(pattern, "{id}"))
		return (struct description_path){ .type = from.type };
	found = from.many ? -1 : model_find(from.type, pattern);
	if (found < 0)
		return none;
	p = model_property(from.type, (unsigned)found);
	if (!p.navigation)
		return none;
	return (struct description_path){ .type = p.type, .many = p.many };
}

struct description_path
description_path(const struct route *route, size_t n)
{
	struct description_path at = { .type = MODEL_DEVICE_MANAGEMENT };
	size_t i;

	if (n == 0 ||
	    !str_is(
		route->segment[0], model_info(MODEL_DEVICE_MANAGEMENT)->name))
		return (struct description_path){ .type = MODEL_NONE };
	for (i = 1; i < n; i++)
		at = step(at, route->segment[i]);
	return at;
}
