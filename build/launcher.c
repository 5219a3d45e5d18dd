/* The head of the single file: unpacks what hangs behind it, once, and becomes the program in there.
 *
 *     [this, static][zstd(tar)]...[struct payload]
 *
 * The folder is named after the contents, so another version is unpacked beside it. Nothing half unpacked is ever
 * started: it is unpacked under another name, behind a lock, and renamed when all of it is on the disk. `exec`, no
 * child: pid, signals and exit code are the program's own. Anything that does not work is said in a sentence, and the
 * exit code is 126. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "unpack.h"

#define NAME "mediafetcher"
#define OVERRIDE "MF_RUNTIME_DIR"
#define DONE ".complete"
enum { PLACES = 6, ID_LENGTH = 16, SPARE = 8 << 20 };

typedef char Path[PATH_MAX];

void die(const char *format, ...) {
    va_list values;
    va_start(values, format);
    flockfile(stderr); /* for ever: another thread that dies too is silent */
    fputs(NAME ": cannot unpack itself: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    _exit(126);
}

static char *join(char *path, const char *folder, const char *name) {
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX) die("%s: the path is too long", folder);
    return path;
}

static int open_self(struct payload *payload) {
    struct stat status;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file < 0) die("/proc is not mounted");
    if (fstat(file, &status) || pread(file, payload, sizeof *payload, status.st_size - sizeof *payload) != sizeof *payload ||
        memcmp(payload->magic, MAGIC, sizeof payload->magic))
        die("the file is damaged: its end is missing. Download it again");
    return file;
}

/* ---- where to ---------------------------------------------------------------------------------------------------- */

static int list_places(Path *places) {
    const char *value;
    int count = 0;
    if ((value = getenv(OVERRIDE)) && *value == '/') {
        snprintf(places[count++], PATH_MAX, "%s", value);
        return count;
    }
    /* Not below the state folder: that belongs to the service, and root starts programs from here too. */
    snprintf(places[count++], PATH_MAX, "/var/cache/" NAME);
    if ((value = getenv("XDG_CACHE_HOME")) && *value == '/') snprintf(places[count++], PATH_MAX, "%s/" NAME, value);
    if ((value = getenv("HOME")) && *value == '/' && value[1]) snprintf(places[count++], PATH_MAX, "%s/.cache/" NAME, value);
    /* One level only, below a sticky folder: no parent that a stranger could have made. */
    snprintf(places[count++], PATH_MAX, "/var/tmp/" NAME "-%u", (unsigned)geteuid());
    return count;
}

/* Whether we may start programs from this folder: nobody but us or root can have written what lies in it. */
static const char *distrust(const char *folder) {
    struct stat status;
    struct statvfs system;
    if (lstat(folder, &status) || statvfs(folder, &system)) return strerror(errno);
    if (!S_ISDIR(status.st_mode)) return "no folder";
    if (status.st_uid != 0 && status.st_uid != geteuid()) return "belongs to somebody else";
    if (status.st_mode & 022) return "others may write there";
    if (system.f_flag & ST_NOEXEC) return "mounted noexec";
    return NULL;
}

/* The service account of a root passes through the parents, and reads what was unpacked. */
static void make_folder(const char *path) {
    Path parent;
    snprintf(parent, sizeof parent, "%s", path);
    for (char *slash = parent + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(parent, geteuid() ? 0700 : 0711);
        *slash = '/';
    }
    mkdir(path, 0755);
}

static int is_complete(const char *root) {
    Path done;
    return !distrust(root) && !access(join(done, root, DONE), R_OK);
}

/* ---- unpacking --------------------------------------------------------------------------------------------------- */

static void remove_tree(const char *path) {
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        Path inside;
        struct stat status;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        join(inside, path, entry->d_name);
        if (!lstat(inside, &status) && S_ISDIR(status.st_mode))
            remove_tree(inside);
        else
            unlink(inside);
    }
    if (folder) closedir(folder);
    rmdir(path);
}

/* Remove the versions that no process holds any more (see `hold`). */
static void remove_others(const char *place, const char *id) {
    DIR *folder = opendir(place);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        Path root, done;
        if (strlen(entry->d_name) != ID_LENGTH || !strcmp(entry->d_name, id)) continue;
        join(root, place, entry->d_name);
        int mark = open(join(done, root, DONE), O_RDONLY | O_CLOEXEC);
        if (mark < 0 || !flock(mark, LOCK_EX | LOCK_NB)) remove_tree(root);
        if (mark >= 0) close(mark);
    }
    if (folder) closedir(folder);
}

/* Unpack below `place`, or find that another process has just done so -> NULL, or why it cannot be there. */
static const char *unpack_below(const char *place, const char *id, int file, const struct payload *payload) {
    Path path, fresh, root;
    struct statvfs system;
    uint64_t needed = SPARE;
    const char *why;
    make_folder(place);
    if ((why = distrust(place))) return why;
    int lock = open(join(path, place, ".lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) return strerror(errno);
    while (flock(lock, LOCK_EX))
        if (errno != EINTR) return strerror(errno);
    if (is_complete(join(root, place, id))) return close(lock), NULL;
    for (int i = 0; i < PARTS; i++) needed += payload->parts[i].size;
    if (!statvfs(place, &system) && (uint64_t)system.f_bavail * system.f_frsize < needed) {
        close(lock);
        return "not enough room on the disk";
    }
    remove_tree(join(fresh, place, ".new"));
    remove_tree(root);
    umask(022);
    if (mkdir(fresh, 0755)) return strerror(errno);
    unpack(file, payload, fresh);
    int done = open(join(path, fresh, DONE), O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
    if (done < 0 || syncfs(done)) die("%s: %s", path, strerror(errno));
    close(done);
    if (rename(fresh, root)) die("%s: %s", root, strerror(errno));
    remove_others(place, id);
    close(lock);
    return NULL;
}

static void find_or_unpack(char *root, int file, const struct payload *payload) {
    static Path places[PLACES];
    const char *why[PLACES];
    char id[ID_LENGTH + 1];
    mode_t mask = umask(022);
    int count = list_places(places);
    for (int i = 0; i < ID_LENGTH / 2; i++) sprintf(id + 2 * i, "%02x", payload->sha256[i]);
    /* What root has unpacked serves everybody, also those who could not write there. */
    for (int i = 0; i < count; i++)
        if (is_complete(join(root, places[i], id))) goto found;
    for (int i = 0; i < count; i++) {
        if (!(why[i] = unpack_below(places[i], id, file, payload))) {
            join(root, places[i], id);
            goto found;
        }
    }
    fputs(NAME ": cannot unpack itself anywhere; name a folder with " OVERRIDE ". Tried:\n", stderr);
    for (int i = 0; i < count; i++) fprintf(stderr, "  %s: %s\n", places[i], why[i]);
    _exit(126);
found:
    umask(mask);
}

/* A lock that the program inherits: while it runs, another version does not remove this one. */
static void hold(const char *root) {
    Path done;
    int mark = open(join(done, root, DONE), O_RDONLY);
    if (mark >= 0) flock(mark, LOCK_SH | LOCK_NB);
}

/* The program cannot see it any more: it is started through a loader. It names this file in what starts it at boot. */
static void say_who_we_are(void) {
    Path self;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return;
    self[length] = 0;
    setenv("MF_FILE", self, 1);
}

int main(int argc, char **argv) {
    struct payload payload;
    Path root, program;
    (void)argc;
    int file = open_self(&payload);
    find_or_unpack(root, file, &payload);
    hold(root);
    say_who_we_are();
    execv(join(program, root, "app/" NAME), argv);
    die("%s: %s", program, strerror(errno));
}
