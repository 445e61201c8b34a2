// SPDX-License-Identifier: MIT
#include "cli/status_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const whole =
    "{'version':'0.1.0','site':'/etc/plant.yaml','pid':812,'running_ms':10800000,'dry':true,"
    "'buses':[{'name':'cabinet','place':'port /dev/ttyUSB0 at 9600 baud','stale':true,"
    "'age_ms':5000,'link':{'state':'failed','for_ms':180000,'reason':'no such "
    "port','opened':3},"
    "'utilisation':0.3144,'dead_share':0.0432,'missed':1,'requests':100,'timeouts':7,'garbled':"
    "0,'exceptions':2,"
    "'units':[{'device':'meter','unit':4,'health':{'state':'online','for_ms':7200000},"
    "'response_ms':{'mean':12.34,'max':40.0},'requests':90,'timeouts':1,'garbled':2,"
    "'link_failures':3,'exceptions':{'2':5,'6':1},'missed':1,"
    "'last_fault':{'fault':'exception','exception':2,'age_ms':4000,'text':'illegal data "
    "address'},"
    "'command':{'name':'open_valve','for_ms':3000},'commands_waiting':2,"
    "'holds':[{'holds':'setpoint = 5 W','is_ending':false,'over_in_ms':12000,'every_ms':2000,"
    "'is_failing':true},{'holds':'ramp = 1','is_ending':true,'is_failing':false}],"
    "'holds_count':3,'wear':[{'entry':'limit','writes':12},{'entry':'mode','writes':1}],"
    "'missed_requests':[{'table':'holding','address':40,'count':3,'every_ms':1000,'missed':12},"
    "{'table':'input','address':2,'count':1,'in_model':true,'every_ms':5000,'missed':3}],"
    "'missed_requests_count':2,"
    "'unreadable':[{'table':'holding','address':100,'count':4,'exception':2,'age_ms':7200000},"
    "{'table':'input','unit':5,'address':7,'count':1,'exception':3,'age_ms':1000}],"
    "'unreadable_count':5,'limits':[{'table':'holding','address':0,'count':51,'granted':50,"
    "'exception':3,'age_ms':1000},{'table':'input','address':99,'count':2,'border':100,"
    "'exception':2,'age_ms':1000}],'limits_count':3}"
    ","
    "{'device':'pump','unit':5,'health':{'state':'offline','for_ms':180000,"
    "'advice':'no answer: check power','next_probe_in_ms':12000},'unreadable':[],"
    "'missed_requests':[{'table':'input','address':1,'count':1,'every_ms':5000,'missed':3}]}]}]"
    ","
    "'clouds':[{'name':'plant','host':'mqtt.example.com','port':8883,'connected':false,"
    "'for_ms':180000,'reason':'refused','retry_in_ms':12000}],"
    "'outbox':{'messages':12,'bytes':3210,'in_flight':3,'oldest_age_ms':4000,'dropped':5,"
    "'dropped_because':{'full':3,'old':2}},"
    "'store':{'health':'good','in_memory':false,'damaged':1,'failures':0,"
    "'longest_commit_ms':12.3}}";

static json_t *parse(const char *with_single_quotes)
{
    struct strbuf text = {0};
    for (const char *c = with_single_quotes; *c; c++)
        strbuf_add_char(&text, *c == '\'' ? '"' : *c);
    json_error_t where;
    json_t *json = json_loads(strbuf_text(&text), 0, &where);
    if (!json)
        fail_msg("%s at %d", where.text, where.position);
    strbuf_done(&text);
    return json;
}

static void assert_text(const char *json_text, bool in_colour, const char *expected)
{
    json_t *json = parse(json_text);
    struct strbuf out = {0};
    status_text(json, in_colour, &out);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_done(&out);
    json_decref(json);
}

static void test_everything_there_may_be(void **state)
{
    (void)state;
    assert_text(
        whole, false,
        "modbridge 0.1.0 runs /etc/plant.yaml for 3 h (process 812, dry: nothing is "
        "published)\n"
        "\n"
        "bus cabinet: port /dev/ttyUSB0 at 9600 baud\n"
        "  this bus does not answer now; what follows is 5 s old: it is opening its link or "
        "waiting for an answer\n"
        "  link FAILED for 3 min, opened 3 times\n"
        "    no such port\n"
        "  31.4 % busy, 4.3 % for devices that are offline, 1 period missed; 100 requests, 7 "
        "time-outs, 2 refused\n"
        "  UNIT  DEVICE  STATE               RESPONSE MEAN/MAX   REQUESTS  FAILED  REFUSED  "
        "MISSED\n"
        "     4  meter   online for 2 h      12.3 / 40.0 ms            90       6        6     "
        "  "
        "1\n"
        "          last fault 4 s ago: illegal data address (exception 2)\n"
        "          command open_valve runs for 3 s, 2 more wait\n"
        "          held: setpoint = 5 W for 12 s more, every 2 s; NOT TAKEN by the device\n"
        "          a hold is over, its end is not written yet: ramp = 1\n"
        "          held: 1 more\n"
        "          written to what wears out: limit 12 times, mode 1 time\n"
        "          missed most: holding 40..42 (every 1 s) 12, input model + 2 (every 5 s) 3\n"
        "          not readable: holding 100..103 (exception 2), learned 2 h ago\n"
        "          not readable: input 7 of unit 5 (exception 3), learned 1 s ago\n"
        "          not readable: 3 more\n"
        "          grants at most 50 at once of holding (exception 3), learned 1 s ago\n"
        "          not readable together: input 99 and 100 (exception 2), learned 1 s ago\n"
        "          limits of requests: 1 more\n"
        "     5  pump    OFFLINE for 3 min   -                          0       0        0     "
        "  "
        "0\n"
        "          no answer: check power; asked again in 12 s\n"
        "\n"
        "cloud plant: mqtt.example.com:8883 NOT CONNECTED for 3 min: refused; tried again in "
        "12 "
        "s\n"
        "outbox: 12 messages, 3.2 kB, the oldest is 4 s old, 3 on their way, 5 dropped "
        "(2 too old, 3 outbox full)\n"
        "store: good, 1 damaged files set aside, the longest commit took 12 ms\n");
}

static void test_colours_change_no_character(void **state)
{
    (void)state;
    json_t *json = parse(whole);
    struct strbuf plain = {0};
    struct strbuf coloured = {0};
    struct strbuf stripped = {0};
    status_text(json, false, &plain);
    status_text(json, true, &coloured);
    assert_non_null(strstr(strbuf_text(&coloured), "\033[1;31mOFFLINE for 3 min"));
    assert_non_null(strstr(strbuf_text(&coloured), "\033[32monline for 2 h"));
    for (const char *c = strbuf_text(&coloured); *c; c++) {
        if (*c == '\033')
            c = strchr(c, 'm');
        else
            strbuf_add_char(&stripped, *c);
    }
    assert_string_equal(strbuf_text(&stripped), strbuf_text(&plain));
    strbuf_done(&plain);
    strbuf_done(&coloured);
    strbuf_done(&stripped);
    json_decref(json);
}

static void test_texts_from_outside_do_not_move_the_cursor(void **state)
{
    (void)state;
    json_t *json = parse("{'buses':[{'name':'a','link':{'state':'failed',"
                         "'reason':'x\\u001b[2J\\u009b5m\\u007f\\nÜ'},'units':[]}]}");
    struct strbuf out = {0};
    status_text(json, false, &out);
    assert_non_null(strstr(strbuf_text(&out), "    x?[2J?5m??Ü\n"));
    strbuf_done(&out);
    json_decref(json);
}

static void test_a_daemon_of_another_version_may_say_less(void **state)
{
    (void)state;
    assert_text("{}", true,
                "\033[1mmodbridge \033[0m runs  (process 0)\n\noutbox: 0 messages, 0 on their "
                "way, 0 dropped\n");
    json_t *odd = parse("{'buses':[7,{'units':[{},[]],'link':3}],'clouds':[null],'outbox':[]}");
    struct strbuf out = {0};
    status_text(odd, false, &out);
    assert_non_null(strstr(strbuf_text(&out), "not asked yet"));
    strbuf_done(&out);
    json_decref(odd);
}

static void test_commands_in_progress_and_the_latest(void **state)
{
    (void)state;
    json_t *json = parse(
        "{'commands':["
        "{'id':'1','device':'pump','name':'stop','arguments':'','origin':'cloud','state':'"
        "error',"
        "'received_age_ms':9000,'finished_age_ms':9000,'log':[],'message':'unknown command'},"
        "{'id':'2','device':'pump','name':'start','arguments':'rate=75','origin':'local',"
        "'state':'completed','received_age_ms':9000,'started_age_ms':8000,'finished_age_ms':"
        "5000,'log':[],'message':'rate 75'},"
        "{'id':'3','device':'pump','name':'reboot','arguments':'','origin':'cloud','state':"
        "'running','received_age_ms':5000,'started_age_ms':4000,'log':[{'text':'one'},"
        "{'text':'two\\u001b'}]},"
        "{'id':'4','device':'pump','name':'start','arguments':'','origin':'cloud','state':"
        "'waiting','received_age_ms':3000,'log':[]}]}");
    struct strbuf out = {0};
    status_text(json, false, &out);
    assert_non_null(strstr(strbuf_text(&out),
                           "\ncommands in progress:\n"
                           "  pump reboot: runs for 4 s (from the cloud, id 3); two?\n"
                           "  pump start: waits for 3 s (from the cloud, id 4)\n"
                           "\nlatest commands:\n"
                           "  pump stop: FAILED, 9 s ago (from the cloud, id 1): unknown "
                           "command\n"
                           "  pump start rate=75: completed after 3 s, 5 s ago (from this "
                           "machine): rate 75\n"
                           "\noutbox:"));
    strbuf_done(&out);
    json_decref(json);
}

static void test_of_many_commands_the_latest_are_shown(void **state)
{
    (void)state;
    struct strbuf text = {0};
    struct strbuf out = {0};
    for (int i = 1; i <= 7; i++)
        strbuf_printf(&text, "%s{'name':'n%d','finished_age_ms':1,'state':'completed'}",
                      i > 1 ? "," : "{'commands':[", i);
    strbuf_add(&text, "]}");
    json_t *json = parse(strbuf_text(&text));
    status_text(json, false, &out);
    assert_non_null(strstr(strbuf_text(&out), "latest commands (5 of 7):\n   n3: completed"));
    assert_non_null(strstr(strbuf_text(&out), " n7: completed"));
    strbuf_done(&text);
    strbuf_done(&out);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_there_may_be),
        cmocka_unit_test(test_colours_change_no_character),
        cmocka_unit_test(test_texts_from_outside_do_not_move_the_cursor),
        cmocka_unit_test(test_a_daemon_of_another_version_may_say_less),
        cmocka_unit_test(test_commands_in_progress_and_the_latest),
        cmocka_unit_test(test_of_many_commands_the_latest_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
