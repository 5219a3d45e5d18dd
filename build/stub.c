/* Starts a glibc program on a machine without glibc.
 *
 * Lies beside the program under its name; the program itself has `.elf` added. Runs it through the loader that was
 * packed with it, so that nobody has to patch the program, and the program finds its own files by this name.
 *
 * Compiled with -DFROZEN for the frozen Python program: its bootloader looks for its archive in the file it is named
 * after, and starts itself once more without the loader's --library-path, so that it needs the variable too. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOADER "glibc/ld-linux-x86-64.so.2"

static int fail(const char *what) {
    fprintf(stderr, "mediafetcher: %s: %s\n", what, strerror(errno));
    return 126;
}

/* The folder that everything was unpacked into: the nearest one above `self` with the loader in it. */
static int find_root(const char *self, char *root, char *loader) {
    strcpy(root, self);
    for (char *end; (end = strrchr(root, '/'));) {
        *end = 0;
        snprintf(loader, PATH_MAX, "%.3900s/" LOADER, root);
        if (!access(loader, X_OK)) return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    char self[PATH_MAX], root[PATH_MAX], loader[PATH_MAX], libraries[PATH_MAX], program[PATH_MAX + 8];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return fail("/proc is not mounted");
    self[length] = 0;
    if (!find_root(self, root, loader)) return fail(self);
    snprintf(libraries, sizeof libraries, "%.3900s/glibc", root);
    snprintf(program, sizeof program, "%s.elf", self);

    unsetenv("LD_PRELOAD"); /* a library of the system would not fit our C library */
    unsetenv("LD_LIBRARY_PATH");
    const char *name = self;
#ifdef FROZEN
    setenv("LD_LIBRARY_PATH", libraries, 1);
    unsetenv("LD_LIBRARY_PATH_ORIG");
    setenv("PYINSTALLER_RESET_ENVIRONMENT", "1", 1); /* when it starts itself: a program of its own, no part of this one */
    name = program;
#endif

    char **given = calloc(argc + 8, sizeof *given);
    if (!given) return fail("memory");
    char **next = given;
    *next++ = loader;
    *next++ = "--inhibit-cache"; /* /etc/ld.so.cache is the system's */
    *next++ = "--library-path";
    *next++ = libraries;
    *next++ = "--argv0";
    *next++ = (char *)name;
    *next++ = program;
    for (int i = 1; i < argc; i++) *next++ = argv[i];
    execv(loader, given);
    return fail(loader);
}
