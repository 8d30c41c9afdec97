#include "tree.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"

#define PROCESSES_MAX 32768

/* One process, as /proc has it. */
struct process {
	pid_t pid, parent;
	double own_ms, reaped_ms;
	bool counts;
};

static struct process table[PROCESSES_MAX];

/* The file's text; false if it is not there. */
static bool
read_text(char *text, size_t size, pid_t pid, const char *name)
{
	char path[64];
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	if ((f = fopen(path, "r")) == NULL)
		return false;
	len = fread(text, 1, size - 1, f);
	text[len] = '\0';
	fclose(f);
	return len > 0;
}

static bool
read_process(struct process *p, pid_t pid)
{
	uint64_t user, system, reaped_user, reaped_system;
	double tick_ms = 1000.0 / (double)sysconf(_SC_CLK_TCK);
	struct timespec ts;
	char text[1024];
	const char *rest;
	clockid_t clock;
	int parent;

	/* The name in brackets may hold anything, brackets as well. */
	if (!read_text(text, sizeof text, pid, "stat") ||
	    (rest = strrchr(text, ')')) == NULL ||
	    sscanf(rest + 1,
	        " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
	        " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
	        &parent, &user, &system, &reaped_user, &reaped_system) != 5)
		return false;
	*p = (struct process){ .pid = pid,
		.parent = parent,
		.own_ms = (double)(user + system) * tick_ms,
		.reaped_ms = (double)(reaped_user + reaped_system) * tick_ms };
	if (clock_getcpuclockid(pid, &clock) == 0 &&
	    clock_gettime(clock, &ts) == 0)
		p->own_ms = (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
	return true;
}

static int
read_table(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	if (dir == NULL)
		return 0;
	while (count < PROCESSES_MAX && (entry = readdir(dir)) != NULL) {
		int64_t pid;

		if (num_parse(entry->d_name, strlen(entry->d_name), 1,
		        INT32_MAX, &pid) &&
		    read_process(&table[count], (pid_t)pid))
			count++;
	}
	closedir(dir);
	return count;
}

static struct process *
find(int count, pid_t pid)
{
	for (int i = 0; i < count; i++) {
		if (table[i].pid == pid)
			return &table[i];
	}
	return NULL;
}

/* Mark the roots and, pass by pass, the children of what is marked. */
static int
read_trees(const pid_t *roots, int roots_count)
{
	int count = read_table();
	bool more = true;

	for (int i = 0; i < roots_count; i++) {
		struct process *root = find(count, roots[i]);

		if (root == NULL)
			return 0;
		root->counts = true;
	}
	while (more) {
		more = false;
		for (int i = 0; i < count; i++) {
			const struct process *parent;

			if (table[i].counts)
				continue;
			parent = find(count, table[i].parent);
			table[i].counts = parent != NULL && parent->counts;
			more |= table[i].counts;
		}
	}
	return count;
}

bool
tree_cpu(const pid_t *roots, int roots_count, double *ms)
{
	int count = read_trees(roots, roots_count);

	*ms = 0;
	for (int i = 0; i < count; i++) {
		if (table[i].counts)
			*ms += table[i].own_ms + table[i].reaped_ms;
	}
	return count > 0;
}

int64_t
tree_memory(const pid_t *roots, int roots_count)
{
	int count = read_trees(roots, roots_count);
	int64_t sum = 0;

	for (int i = 0; i < count; i++) {
		char text[4096];
		const char *line;
		int64_t kib;

		if (table[i].counts &&
		    read_text(text, sizeof text, table[i].pid,
		        "smaps_rollup") &&
		    (line = strstr(text, "\nPss:")) != NULL &&
		    sscanf(line, "\nPss: %" SCNd64, &kib) == 1)
			sum += kib;
	}
	return sum;
}
