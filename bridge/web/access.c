// SPDX-License-Identifier: MIT
#include "web/access.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"

// The length of the name of "name", "name:port", "[address]:port"; 0 when it is none.
static size_t name_length(const char *host)
{
    size_t length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (length > strlen(host))
        return 0;
    const char *port = host + length;
    if (*port == ':')
        port++;
    return port[strspn(port, "0123456789")] == '\0' ? length : 0;
}

static bool is_text(const char *text, size_t length, const char *expected)
{
    return strlen(expected) == length && strncasecmp(text, expected, length) == 0;
}

// "127.0.0.1" and its like: four numbers, so that no name can look like one.
static bool is_loopback(const char *name, size_t length)
{
    if (length < 7 || strncmp(name, "127.", 4) != 0)
        return false;
    return strspn(name, "0123456789.") >= length;
}

bool access_is_our_host(const struct access_rules *rules, const char *host)
{
    size_t length = host ? name_length(host) : 0;
    if (length == 0)
        return false;
    if (rules->token)
        return true;
    bool in_brackets = host[0] == '[';
    return is_loopback(host, length) || is_text(host, length, "localhost") ||
           is_text(host, length, "[::1]") || is_text(host, length, rules->address) ||
           (in_brackets && is_text(host + 1, length - 2, rules->address));
}

// Whether an origin, "http://host:port", is that of the host we were called by.
static bool is_origin_of(const char *origin, const char *host)
{
    const char *rest = strstr(origin, "://");
    bool is_web = strncmp(origin, "http://", 7) == 0 || strncmp(origin, "https://", 8) == 0;
    return is_web && strcasecmp(rest + 3, host) == 0;
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    size_t length = sizeof json - 1;
    return content_type && strncasecmp(content_type, json, length) == 0 &&
           (content_type[length] == '\0' || content_type[length] == ';');
}

bool access_is_our_page(const struct request *request)
{
    if (!request->marker || strcmp(request->marker, "1") != 0 ||
        !is_json(request->content_type))
        return false;
    if (request->fetch_site && strcmp(request->fetch_site, "same-origin") != 0 &&
        strcmp(request->fetch_site, "none") != 0)
        return false;
    return !request->origin || (request->host && is_origin_of(request->origin, request->host));
}

bool access_is_token(const struct access_rules *rules, const char *text)
{
    return rules->token && secret_equal(text, strlen(text), rules->token);
}

// Whether one of the cookies of "a=b; modbridge_session=c" is the session.
static bool has_session(const struct access_rules *rules, const char *cookies)
{
    static const char name[] = ACCESS_COOKIE "=";
    while (*cookies) {
        cookies += strspn(cookies, " ;");
        size_t length = strcspn(cookies, ";");
        size_t skipped = sizeof name - 1;
        if (length > skipped && strncmp(cookies, name, skipped) == 0 &&
            secret_equal(cookies + skipped, length - skipped, rules->session))
            return true;
        cookies += length;
    }
    return false;
}

bool access_is_known(const struct access_rules *rules, const struct request *request)
{
    static const char scheme[] = "Bearer ";
    size_t length = sizeof scheme - 1;
    if (!rules->token)
        return true;
    if (request->cookie && has_session(rules, request->cookie))
        return true;
    return request->authorization && strncasecmp(request->authorization, scheme, length) == 0 &&
           access_is_token(rules, request->authorization + length);
}
