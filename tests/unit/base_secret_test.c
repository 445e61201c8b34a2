// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/secret.h"

static void base64_is_decoded(void **state)
{
    static const struct {
        const char *text;
        const char *bytes;
    } cases[] = {
        // RFC 4648, section 10
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmFy", "foobar"},
        {"Zm9v\nYmFy\r\n", "foobar"},
        {"Zm9vYg", "foob"},
        {"Zm9vYg==\n", "foob"},
        {"fn5-", NULL}, // the alphabet of URLs
        {"Zg==Zg==", NULL},
        {"Zm9vY", NULL},
        {"", NULL},
        {"====", NULL},
        {"Zm9\"v", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err;
        size_t length = 0;
        char *bytes = base64_decode(cases[i].text, &length, &err);
        if (!cases[i].bytes) {
            assert_null(bytes);
            assert_int_equal(err.code, ERROR_CONFIG);
            continue;
        }
        assert_non_null(bytes);
        assert_int_equal(length, strlen(cases[i].bytes));
        assert_string_equal(bytes, cases[i].bytes);
        secret_free(bytes);
    }
}

static void base64_holds_any_byte(void **state)
{
    struct error err;
    size_t length = 0;
    (void)state;
    char *bytes = base64_decode("AP+AfwA=", &length, &err);
    assert_non_null(bytes);
    assert_int_equal(length, 5);
    assert_memory_equal(bytes, "\x00\xff\x80\x7f\x00", 5);
    secret_free(bytes);
}

static void base64_errors_say_where_and_not_what(void **state)
{
    struct error err;
    size_t length = 0;
    (void)state;
    assert_null(base64_decode("c2VjcmV0*c2VjcmV0", &length, &err));
    assert_non_null(strstr(err.text, "character 9"));
    assert_null(strstr(err.text, "c2Vjcm"));
}

// Writes a file of the folder and reads it as a secret.
static char *read_back(const char *bytes, size_t length, mode_t mode, enum secrecy secrecy,
                       struct error *err)
{
    char path[] = "/tmp/secret-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, length), length);
    assert_int_equal(fchmod(descriptor, mode), 0);
    (void)close(descriptor);
    char *text = secret_read(path, secrecy, err);
    assert_int_equal(unlink(path), 0);
    return text;
}

static void files_are_read_by_their_owner_alone(void **state)
{
    static const struct {
        mode_t mode;
        enum secrecy secrecy;
        const char *refusal; // NULL: read
    } cases[] = {
        {0600, SECRECY_PRIVATE, NULL},        {0400, SECRECY_PRIVATE, NULL},
        {0640, SECRECY_PRIVATE, "chmod 600"}, {0604, SECRECY_PRIVATE, "chmod 600"},
        {0610, SECRECY_PRIVATE, "chmod 600"}, {0644, SECRECY_PUBLIC, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err;
        char *text = read_back("sesame\n", 7, cases[i].mode, cases[i].secrecy, &err);
        if (cases[i].refusal) {
            assert_null(text);
            assert_non_null(strstr(err.text, cases[i].refusal));
            assert_null(strstr(err.text, "sesame"));
            continue;
        }
        assert_string_equal(text, "sesame\n");
        secret_free(text);
    }
}

static void files_are_bounded_texts(void **state)
{
    struct error err;
    (void)state;
    char *longest = mem_new(SECRET_MAX_BYTES + 2, 1);
    memset(longest, 'x', SECRET_MAX_BYTES + 1);
    char *text = read_back(longest, SECRET_MAX_BYTES, 0600, SECRECY_PRIVATE, &err);
    assert_int_equal(strlen(text), SECRET_MAX_BYTES);
    secret_free(text);
    assert_null(read_back(longest, SECRET_MAX_BYTES + 1, 0600, SECRECY_PRIVATE, &err));
    assert_non_null(strstr(err.text, "longer than"));
    assert_null(read_back("a\0b", 3, 0600, SECRECY_PRIVATE, &err));
    assert_non_null(strstr(err.text, "is no text"));
    assert_null(read_back("", 0, 0600, SECRECY_PRIVATE, &err));
    assert_non_null(strstr(err.text, "is empty"));
    assert_null(secret_read("/dev/zero", SECRECY_PUBLIC, &err));
    assert_non_null(strstr(err.text, "is no file"));
    free(longest);
}

static void a_sealed_process_leaves_no_core(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit;
        secret_seal_process();
        _exit(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 &&
                      prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
                  ? 7
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_decoded),
        cmocka_unit_test(base64_holds_any_byte),
        cmocka_unit_test(base64_errors_say_where_and_not_what),
        cmocka_unit_test(files_are_read_by_their_owner_alone),
        cmocka_unit_test(files_are_bounded_texts),
        cmocka_unit_test(a_sealed_process_leaves_no_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
