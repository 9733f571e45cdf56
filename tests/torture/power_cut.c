/* SPDX-License-Identifier: ISC */
/*
 * power_cut.c - acknowledged changes survive a power cut at any time.
 *
 * The functions through which the store writes are replaced by functions that
 * also record each write. Then the test replays the recording. After each step
 * it makes the disks that a crash could leave: the synced writes, and of the
 * later writes none, all, or some sectors. The store is opened on each such
 * disk. Every tenant's record must be complete and lie between the last
 * acknowledged change and the last change that was begun, and the newest event
 * must belong to the same change.
 *
 * The control ignores every fdatasync. It must lose data; otherwise the test
 * could not detect a loss.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "hook.h"
#include "torture.h"

#define SECTOR 512
#define TENANTS 4
/* Changes per tenant and round. */
#define CHANGES 25
/* Disks with random sectors after each step. */
#define RANDOM_DISKS 6
/* Upper limit for the length of a record's certificate: up to three pages. */
#define LONGEST 9000

#define STEPS_MAX 20000
#define BYTES_MAX ((size_t)128 * 1024 * 1024)
#define DISK_MAX ((size_t)8 * 1024 * 1024)

/* A write to a descriptor with O_DSYNC is recorded twice: as WROTE, and then as
 * WROTE_THROUGH, which means that it is synced. */
enum what { WROTE, WROTE_THROUGH, SYNCED, BEGUN, DONE };

struct step {
	enum what what;
	size_t at; /* in the file */
	size_t from; /* in rec.bytes */
	size_t n;
	unsigned tenant;
	uint64_t change;
};

/* The writes and syncs of the store. */
static struct recording {
	pthread_mutex_t lock;
	bool on;
	bool found; /* the file is known */
	dev_t dev;
	ino_t ino;
	struct step step[STEPS_MAX];
	size_t steps;
	unsigned char *bytes;
	size_t used;
} rec = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- the recording ------------------------------------------------------ */

static bool
is_ours(int fd)
{
	struct stat st;

	return rec.on && fstat(fd, &st) == 0 && st.st_dev == rec.dev &&
	    st.st_ino == rec.ino;
}

static void
note(struct step step, const void *bytes)
{
	pthread_mutex_lock(&rec.lock);
	if (rec.steps == STEPS_MAX || step.n > BYTES_MAX - rec.used)
		abort();
	step.from = rec.used;
	if (bytes != NULL) {
		memcpy(rec.bytes + rec.used, bytes, step.n);
		rec.used += step.n;
	}
	rec.step[rec.steps++] = step;
	pthread_mutex_unlock(&rec.lock);
}

static void
note_write(int fd, const void *bytes, ssize_t n, off_t at)
{
	struct step step = { .what = WROTE, .at = (size_t)at, .n = (size_t)n };

	if (n <= 0 || !is_ours(fd))
		return;
	note(step, bytes);
	step.what = WROTE_THROUGH;
	if (fcntl(fd, F_GETFL) & O_DSYNC)
		note(step, bytes);
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t), done;

	HOOK_REAL(real, "pwrite64");
	done = real(fd, bytes, n, at);
	note_write(fd, bytes, done, at);
	return done;
}
HOOK_SHORT(ssize_t, pwrite, (int fd, const void *bytes, size_t n, long at),
    (fd, bytes, n, at));

ssize_t
write(int fd, const void *bytes, size_t n)
{
	off_t at = is_ours(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t done = syscall(SYS_write, fd, bytes, n);

	note_write(fd, bytes, done, at);
	return done;
}

ssize_t
writev(int fd, const struct iovec *part, int parts)
{
	ssize_t all = 0, done;
	int i;

	if (!is_ours(fd))
		return syscall(SYS_writev, fd, part, parts);
	for (i = 0; i < parts; i++, all += done)
		if ((done = write(fd, part[i].iov_base, part[i].iov_len)) < 0)
			return -1;
	return all;
}

int
fallocate(int fd, int mode, off_t at, off_t n)
{
	const struct step step = { .what = WROTE, .at = (size_t)(at + n) };
	int (*real)(int, int, off_t, off_t), rc;

	HOOK_REAL(real, "fallocate64");
	rc = real(fd, mode, at, n);
	if (rc == 0 && is_ours(fd))
		note(step, NULL);
	return rc;
}

int
fdatasync(int fd)
{
	int rc = (int)syscall(SYS_fdatasync, fd);

	if (rc == 0 && is_ours(fd))
		note((struct step){ .what = SYNCED }, NULL);
	return rc;
}

int
fsync(int fd)
{
	return fdatasync(fd);
}

/* --- the changes -------------------------------------------------------- */

static struct guid
tenant(unsigned n)
{
	return (struct guid){ .byte = { 0xa0, [15] = (uint8_t)n } };
}

static struct store *
open_store(const char *directory, bool create)
{
	const struct store_options options = { .directory = directory,
		.map_size = DISK_MAX,
		.readers = 8,
		.history_keep = 5,
		.create = create };
	struct store *st = NULL;

	return store_open(&options, &st) == ERR_OK ? st : NULL;
}

struct change {
	struct guid tenant;
	struct record record;
	struct event event;
};

static enum err
put(struct txn *tx, void *arg)
{
	const struct change *c = arg;
	enum err e;

	if ((e = store_record_put(tx, &c->tenant, &c->record)) != ERR_OK)
		return e;
	return store_event_add(tx, &c->tenant, &c->event);
}

/* Makes the change with this number. The length of its text varies. */
static enum err
change(struct store *st, unsigned n, uint64_t number)
{
	static const char text[LONGEST] = "certificate";
	struct change c = { .tenant = tenant(n),
		.record = { .revision = number },
		.event = { .actor = str_of("torture") } };
	size_t length = (size_t)(number * 1237 + n * 511) % LONGEST;

	c.record.value[RECORD_CERTIFICATE] = str_from(text, length);
	return store_update(st, put, &c);
}

struct client {
	struct store *st;
	unsigned tenant;
	bool good;
};

static void *
run_client(void *arg)
{
	struct client *c = arg;
	struct step step = { .tenant = c->tenant };

	c->good = true;
	for (step.change = 1; step.change <= CHANGES && c->good;
	     step.change++) {
		step.what = BEGUN;
		note(step, NULL);
		c->good = change(c->st, c->tenant, step.change) == ERR_OK;
		step.what = DONE;
		note(step, NULL);
	}
	return NULL;
}

static bool
record_clients(struct store *st)
{
	struct client client[TENANTS];
	pthread_t thread[TENANTS];
	bool good = true;
	unsigned i;

	for (i = 0; i < TENANTS; i++) {
		client[i] = (struct client){ .st = st, .tenant = i };
		if (pthread_create(&thread[i], NULL, run_client, &client[i]) !=
		    0)
			abort();
	}
	for (i = 0; i < TENANTS; i++) {
		pthread_join(thread[i], NULL);
		good = good && client[i].good;
	}
	return good;
}

/* Records the changes of all clients. The file is new, so the recording
 * contains every write to it. */
static void
record(struct torture *t, const char *directory)
{
	char path[160];
	struct stat st;
	struct store *store;
	int fd;

	rec.steps = rec.used = 0;
	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	if (mkdir(directory, 0700) != 0)
		torture_die(t, directory);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || fstat(fd, &st) != 0)
		torture_die(t, path);
	close(fd);
	rec.dev = st.st_dev;
	rec.ino = st.st_ino;
	rec.on = true;
	if ((store = open_store(directory, true)) == NULL)
		torture_die(t, "store_open");
	if (!record_clients(store))
		torture_die(t, "store_update");
	rec.on = false;
	store_close(store);
}

/* --- the disks ---------------------------------------------------------- */

/* The counts lie in shared memory, since the process that opens the disks may
 * die. */
struct counts {
	unsigned disks;
	unsigned lost;
	unsigned crashed;
};

struct disk {
	unsigned char *synced;
	size_t size;
	unsigned char *now; /* as the crash leaves it */
	size_t now_size;
	size_t pending; /* the first step that is not synced */
	uint64_t begun[TENANTS];
	uint64_t done[TENANTS];
};

static void
put_bytes(
    unsigned char *bytes, size_t *size, size_t at, const void *from, size_t n)
{
	if (at + n > DISK_MAX)
		abort();
	memcpy(bytes + at, from, n);
	if (at + n > *size)
		*size = at + n;
}

static void
sync_step(struct disk *d, const struct step *s)
{
	if (s->what == WROTE || s->what == WROTE_THROUGH)
		put_bytes(
		    d->synced, &d->size, s->at, rec.bytes + s->from, s->n);
}

/* Applies each sector of a write with a probability of `part` in 16. */
static void
leave_step(
    struct torture *t, struct disk *d, const struct step *s, uint32_t part)
{
	size_t i, n;

	if (s->n == 0 && torture_random(t, 16) < part && s->at > d->now_size)
		d->now_size = s->at;
	for (i = 0; i < s->n; i += n) {
		n = SECTOR - (s->at + i) % SECTOR;
		n = n < s->n - i ? n : s->n - i;
		if (torture_random(t, 16) < part)
			put_bytes(d->now, &d->now_size, s->at + i,
			    rec.bytes + s->from + i, n);
	}
}

static void
crash(struct torture *t, struct disk *d, size_t end, uint32_t part)
{
	size_t i;

	memset(d->now, 0, d->now_size);
	memcpy(d->now, d->synced, d->size);
	d->now_size = d->size;
	for (i = d->pending; i < end && part > 0; i++)
		if (rec.step[i].what == WROTE)
			leave_step(t, d, &rec.step[i], part);
}

static bool
write_disk(const struct disk *d, const char *directory)
{
	char path[160];
	int fd;
	bool good;

	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	good = fd >= 0 && ftruncate(fd, (off_t)d->now_size) == 0 &&
	    pwrite(fd, d->now, d->now_size, 0) == (ssize_t)d->now_size;
	close(fd);
	return good;
}

/* --- what the store finds on a disk ------------------------------------- */

static enum err
take_first(const struct event *ev, void *arg)
{
	uint64_t *number = arg;

	*number = ev->number;
	return ERR_BUSY; /* the newest event is enough */
}

static bool
check_tenant(const struct disk *d, struct txn *tx, unsigned n)
{
	struct guid id = tenant(n);
	struct record r = { .revision = 0 };
	uint64_t newest = 0;
	enum err e = store_record(tx, &id, &r);

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return false;
	e = store_events(tx, &id, take_first, &newest);
	return (e == ERR_OK || e == ERR_BUSY) && newest == r.revision &&
	    r.revision >= d->done[n] && r.revision <= d->begun[n];
}

static bool
check_store(const struct disk *d, struct store *st)
{
	struct txn *tx = NULL;
	bool good = false;
	unsigned i;

	if (store_reader(st, &tx) == ERR_OK && store_begin(tx) == ERR_OK) {
		good = true;
		for (i = 0; i < TENANTS; i++)
			good = good && check_tenant(d, tx, i);
	}
	store_end(tx);
	store_reader_free(tx);
	return good;
}

/*
 * Opens the store on the disk and checks it; with `use`, also makes a change.
 */
static bool
is_recovered(const struct disk *d, const char *directory, bool use)
{
	struct store *st = open_store(directory, true);
	bool good = st != NULL && check_store(d, st);

	if (good && use)
		good = change(st, 0, d->begun[0] + 1) == ERR_OK;
	store_close(st);
	return good;
}

static void
try_disk(struct torture *t, struct disk *d, size_t end, uint32_t part,
    struct counts *counts)
{
	char directory[128];

	snprintf(directory, sizeof(directory), "%s/crashed", t->dir);
	crash(t, d, end, part);
	if (!write_disk(d, directory))
		abort();
	counts->disks++;
	counts->crashed++;
	if (!is_recovered(d, directory, counts->disks % 250 == 0)) {
		if (counts->lost++ == 0)
			printf("power-cut: lost after step %zu of %zu, "
			       "%u/16 of the sectors written\n",
			    end, rec.steps, part);
	}
	counts->crashed--;
}

static void
try_step(struct torture *t, struct disk *d, size_t end, struct counts *counts)
{
	unsigned i;

	try_disk(t, d, end, 0, counts);
	if (d->pending == end)
		return;
	try_disk(t, d, end, 16, counts);
	for (i = 0; i < RANDOM_DISKS; i++)
		try_disk(t, d, end, 1 + torture_random(t, 15), counts);
}

static void
take_step(struct disk *d, size_t i, bool forget_syncs)
{
	const struct step *s = &rec.step[i];

	switch (s->what) {
	case WROTE:
		break;
	case BEGUN:
		d->begun[s->tenant] = s->change;
		break;
	case DONE:
		d->done[s->tenant] = s->change;
		break;
	case WROTE_THROUGH:
		sync_step(d, s);
		break;
	case SYNCED:
		for (; !forget_syncs && d->pending <= i; d->pending++)
			sync_step(d, &rec.step[d->pending]);
		break;
	}
	/* A step that is not a write cannot be pending. */
	while (d->pending <= i && rec.step[d->pending].what != WROTE)
		d->pending++;
}

/* Replays the recording. The disks are checked only from the first change on:
 * before that, the store is still being created. */
static void
play(struct torture *t, bool forget_syncs, struct counts *counts)
{
	struct disk d = { .synced = calloc(1, DISK_MAX),
		.now = calloc(1, DISK_MAX) };
	bool made = false;
	size_t i;

	if (d.synced == NULL || d.now == NULL)
		abort();
	for (i = 0; i < rec.steps; i++) {
		take_step(&d, i, forget_syncs);
		made = made || rec.step[i].what == BEGUN;
		if (made && rec.step[i].what != BEGUN)
			try_step(t, &d, i + 1, counts);
		if (forget_syncs && counts->lost > 0)
			break;
	}
	free(d.now);
	free(d.synced);
}

/* The replay runs in a child process, since a broken disk may crash it. */
static void
play_apart(struct torture *t, bool forget_syncs, struct counts *counts)
{
	pid_t child = fork();

	if (child == 0) {
		play(t, forget_syncs, counts);
		fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, NULL, 0) != child)
		torture_die(t, "fork");
	counts->lost += counts->crashed;
	t->random += counts->disks;
}

int
main(int argc, char **argv)
{
	struct counts *cut = torture_share(sizeof(struct counts)),
		      *control = torture_share(sizeof(struct counts));
	char directory[128];
	unsigned target, rounds = 0;
	struct torture t;

	torture_begin(&t, "power-cut", argc, argv);
	target = t.full ? 100000 : 2000;
	rec.bytes = mmap(NULL, BYTES_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (rec.bytes == MAP_FAILED)
		torture_die(&t, "mmap");
	snprintf(directory, sizeof(directory), "%s/crashed", t.dir);
	if (mkdir(directory, 0700) != 0)
		torture_die(&t, directory);
	do {
		snprintf(directory, sizeof(directory), "%s/%u", t.dir, rounds);
		record(&t, directory);
		play_apart(&t, false, cut);
	} while (cut->disks < target && cut->lost == 0 && ++rounds < 1000);
	printf("power-cut: control without fdatasync\n");
	play_apart(&t, true, control);
	printf("power-cut: %u disks, %u lost; control: lost after %u\n",
	    cut->disks, cut->lost, control->disks);
	torture_check(&t, cut->disks >= target && cut->lost == 0,
	    "no disk loses what was acknowledged");
	torture_check(
	    &t, control->lost > 0, "without fdatasync something is lost");
	return torture_end(&t);
}
