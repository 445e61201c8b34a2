// SPDX-License-Identifier: MIT
#include "sim/behaviour.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/simulation.h"

enum {
    MAX_ROUNDS = 256,    // rules that act at one moment
    MAX_MOMENTS = 10000, // moments one step catches up with
    POSTPONE_MS = 1000,
    RAMP_PERIOD_MS = 100,
    NOISE_PERIOD_MS = 1000,
    NEVER = -1,
};

struct rule_state {
    bool held;      // whether its condition held when last looked at
    int64_t due_ms; // when it acts, or NEVER
};

// A number on its way to what a rule set.
struct ramp {
    int point;
    double from;
    double to;
    int64_t begin_ms;
    int64_t end_ms;
    bool is_active;
    uint16_t words[MAX_POINT_WORDS]; // as last put; others mean that somebody wrote
};

// The number around which an entry is noisy.
struct jitter {
    bool is_known;
    double centre;
    uint16_t words[MAX_POINT_WORDS]; // as in a ramp
};

struct behaviour {
    const struct simulation *simulation;
    struct entries *entries;
    struct rule_state *rules;
    struct jitter *jitters;
    struct ramp *ramps; // one per assignment of all rules with over_ms
    size_t ramp_count;
    uint16_t (*kept)[MAX_POINT_WORDS]; // one per entry; NULL unless a rule keeps
    int64_t next_noise_ms;
    int64_t next_ramp_ms;
    int64_t silent_until_ms;
    bool wants_close;
    uint32_t random;
};

static const struct simulation no_simulation;

static const struct map *map_of(const struct behaviour *behaviour)
{
    return bank_map(entries_bank(behaviour->entries));
}

static const struct point *point_of(const struct behaviour *behaviour, int index)
{
    return &map_of(behaviour)->points[index];
}

static void get_words(const struct behaviour *behaviour, int index, uint16_t *ret_words)
{
    memset(ret_words, 0, MAX_POINT_WORDS * sizeof *ret_words);
    bank_get_point(entries_bank(behaviour->entries), point_of(behaviour, index), ret_words);
}

static bool words_are(const struct behaviour *behaviour, int index, const uint16_t *words)
{
    uint16_t present[MAX_POINT_WORDS];
    get_words(behaviour, index, present);
    return codec_words_equal(point_of(behaviour, index), present, words);
}

static bool is_edge_rule(const struct simulation_rule *rule)
{
    return rule->written_count == 0;
}

static bool holds(struct behaviour *behaviour, const struct simulation_rule *rule)
{
    return !rule->when || entries_holds(behaviour->entries, rule->when);
}

static void make_room(struct behaviour *behaviour)
{
    const struct simulation *simulation = behaviour->simulation;
    bool keeps = false;
    for (size_t i = 0; i < simulation->rule_count; i++) {
        const struct simulation_rule *rule = &simulation->rules[i];
        if (rule->over_ms)
            behaviour->ramp_count += rule->set_count;
        if (rule->keep_count)
            keeps = true;
    }
    behaviour->rules = mem_new(simulation->rule_count, sizeof *behaviour->rules);
    behaviour->jitters = mem_new(simulation->noise_count, sizeof *behaviour->jitters);
    behaviour->ramps = mem_new(behaviour->ramp_count, sizeof *behaviour->ramps);
    if (keeps)
        behaviour->kept = mem_new(map_of(behaviour)->point_count, sizeof *behaviour->kept);
}

// What rules restore before they kept anything is what the device began with.
static void keep_start(struct behaviour *behaviour)
{
    for (size_t i = 0; behaviour->kept && i < map_of(behaviour)->point_count; i++)
        get_words(behaviour, (int)i, behaviour->kept[i]);
}

struct behaviour *behaviour_new(const struct simulation *simulation, struct entries *entries,
                                uint32_t seed, int64_t now_ms)
{
    struct behaviour *behaviour = mem_new(1, sizeof *behaviour);
    behaviour->simulation = simulation ? simulation : &no_simulation;
    behaviour->entries = entries;
    behaviour->random = seed ? seed : 1;
    behaviour->next_ramp_ms = NEVER;
    behaviour->next_noise_ms = NEVER;
    make_room(behaviour);
    keep_start(behaviour);
    if (behaviour->simulation->noise_count)
        behaviour->next_noise_ms = now_ms + NOISE_PERIOD_MS;
    for (size_t i = 0; i < behaviour->simulation->rule_count; i++) {
        const struct simulation_rule *rule = &behaviour->simulation->rules[i];
        behaviour->rules[i].due_ms = NEVER;
        behaviour->rules[i].held = is_edge_rule(rule) && holds(behaviour, rule);
    }
    return behaviour;
}

void behaviour_free(struct behaviour *behaviour)
{
    if (!behaviour)
        return;
    free(behaviour->rules);
    free(behaviour->jitters);
    free(behaviour->ramps);
    free(behaviour->kept);
    free(behaviour);
}

static void stop_ramp(struct behaviour *behaviour, int point)
{
    for (size_t i = 0; i < behaviour->ramp_count; i++) {
        if (behaviour->ramps[i].point == point)
            behaviour->ramps[i].is_active = false;
    }
}

static bool is_ramping(const struct behaviour *behaviour, int point)
{
    for (size_t i = 0; i < behaviour->ramp_count; i++) {
        if (behaviour->ramps[i].point == point && behaviour->ramps[i].is_active)
            return true;
    }
    return false;
}

static struct ramp *free_ramp(struct behaviour *behaviour)
{
    for (size_t i = 0; i < behaviour->ramp_count; i++) {
        if (!behaviour->ramps[i].is_active)
            return &behaviour->ramps[i];
    }
    return NULL;
}

// False when one of the two is not a number: then it is set at once.
static bool start_ramp(struct behaviour *behaviour, int point, const struct value *to,
                       int64_t over_ms, int64_t now_ms)
{
    struct image_space space = {0};
    struct value from = entries_value(behaviour->entries, point, &space);
    if (!over_ms || !value_is_number(&from) || !value_is_number(to))
        return false;
    struct ramp *ramp = free_ramp(behaviour);
    if (!ramp)
        return false;
    *ramp = (struct ramp){
        .point = point,
        .from = value_number(&from),
        .to = value_number(to),
        .begin_ms = now_ms,
        .end_ms = now_ms + over_ms,
        .is_active = true,
    };
    get_words(behaviour, point, ramp->words);
    if (behaviour->next_ramp_ms == NEVER)
        behaviour->next_ramp_ms = now_ms + RAMP_PERIOD_MS;
    return true;
}

static void set_point(struct behaviour *behaviour, const struct assignment *set,
                      int64_t over_ms, int64_t now_ms)
{
    struct image_space space = {0};
    struct error ignored;
    struct value value = entries_evaluate(behaviour->entries, set->value, &space);
    stop_ramp(behaviour, set->point);
    if (value_is_known(&value) && !start_ramp(behaviour, set->point, &value, over_ms, now_ms))
        (void)entries_set(behaviour->entries, set->point, &value, &ignored);
}

static void clear_point(struct behaviour *behaviour, int point)
{
    const struct value none = value_absent();
    struct error ignored;
    stop_ramp(behaviour, point);
    (void)entries_set(behaviour->entries, point, &none, &ignored);
}

static void act(struct behaviour *behaviour, const struct simulation_rule *rule, int64_t now_ms)
{
    struct bank *bank = entries_bank(behaviour->entries);
    for (size_t i = 0; i < rule->keep_count; i++)
        get_words(behaviour, rule->keep[i], behaviour->kept[rule->keep[i]]);
    for (size_t i = 0; behaviour->kept && i < rule->restore_count; i++) {
        int point = rule->restore[i];
        stop_ramp(behaviour, point);
        bank_set_point(bank, point_of(behaviour, point), behaviour->kept[point]);
    }
    for (size_t i = 0; i < rule->clear_count; i++)
        clear_point(behaviour, rule->clear[i]);
    for (size_t i = 0; i < rule->set_count; i++)
        set_point(behaviour, &rule->set[i], rule->over_ms, now_ms);
    if (rule->silent_ms && now_ms + rule->silent_ms > behaviour->silent_until_ms)
        behaviour->silent_until_ms = now_ms + rule->silent_ms;
    if (rule->close)
        behaviour->wants_close = true;
}

// Conditions that became true begin their delay, those that ended drop it.
static void look_at_conditions(struct behaviour *behaviour, int64_t now_ms)
{
    for (size_t i = 0; i < behaviour->simulation->rule_count; i++) {
        const struct simulation_rule *rule = &behaviour->simulation->rules[i];
        struct rule_state *state = &behaviour->rules[i];
        if (!is_edge_rule(rule))
            continue;
        bool held = holds(behaviour, rule);
        if (held && !state->held)
            state->due_ms = now_ms + rule->after_ms;
        if (!held)
            state->due_ms = NEVER;
        state->held = held;
    }
}

// The rule that is due first, in the map's order among equals; NULL when none is.
static const struct simulation_rule *take_due(struct behaviour *behaviour, int64_t now_ms)
{
    size_t found = behaviour->simulation->rule_count;
    for (size_t i = 0; i < behaviour->simulation->rule_count; i++) {
        int64_t due_ms = behaviour->rules[i].due_ms;
        if (due_ms == NEVER || due_ms > now_ms)
            continue;
        if (found == behaviour->simulation->rule_count ||
            due_ms < behaviour->rules[found].due_ms)
            found = i;
    }
    if (found == behaviour->simulation->rule_count)
        return NULL;
    behaviour->rules[found].due_ms = NEVER;
    return &behaviour->simulation->rules[found];
}

// Rules that set off each other without end would keep a moment from ending.
static void postpone_due(struct behaviour *behaviour, int64_t now_ms)
{
    look_at_conditions(behaviour, now_ms);
    for (size_t i = 0; i < behaviour->simulation->rule_count; i++) {
        struct rule_state *state = &behaviour->rules[i];
        if (state->due_ms != NEVER && state->due_ms <= now_ms)
            state->due_ms = now_ms + POSTPONE_MS;
    }
}

// All that happens at one moment, including what rules set off in each other.
static void settle(struct behaviour *behaviour, int64_t now_ms)
{
    for (int round = 0; round < MAX_ROUNDS; round++) {
        look_at_conditions(behaviour, now_ms);
        const struct simulation_rule *rule = take_due(behaviour, now_ms);
        if (!rule)
            return;
        act(behaviour, rule, now_ms);
    }
    postpone_due(behaviour, now_ms);
}

static bool is_about(const struct behaviour *behaviour, const struct simulation_rule *rule,
                     int unit, struct span span)
{
    const struct bank *bank = entries_bank(behaviour->entries);
    for (size_t i = 0; i < rule->written_count; i++) {
        if (bank_touches(bank, point_of(behaviour, rule->written[i]), unit, span))
            return true;
    }
    return false;
}

uint8_t behaviour_refusal(struct behaviour *behaviour, int unit, struct span span)
{
    for (size_t i = 0; i < behaviour->simulation->rule_count; i++) {
        const struct simulation_rule *rule = &behaviour->simulation->rules[i];
        if (rule->refuse && is_about(behaviour, rule, unit, span) && holds(behaviour, rule))
            return rule->refuse;
    }
    return 0;
}

void behaviour_written(struct behaviour *behaviour, int unit, struct span span, int64_t now_ms)
{
    for (size_t i = 0; i < behaviour->simulation->rule_count; i++) {
        const struct simulation_rule *rule = &behaviour->simulation->rules[i];
        if (!rule->refuse && is_about(behaviour, rule, unit, span) && holds(behaviour, rule))
            behaviour->rules[i].due_ms = now_ms + rule->after_ms;
    }
    settle(behaviour, now_ms);
}

static void put_number(struct behaviour *behaviour, int point, double number,
                       uint16_t *ret_words)
{
    struct error ignored;
    struct value value = value_real(number, DECIMALS_SHORTEST);
    (void)entries_set(behaviour->entries, point, &value, &ignored);
    get_words(behaviour, point, ret_words);
}

static void step_ramp(struct behaviour *behaviour, struct ramp *ramp, int64_t now_ms)
{
    if (!words_are(behaviour, ramp->point, ramp->words)) {
        ramp->is_active = false; // somebody wrote it
        return;
    }
    double part = 1;
    if (now_ms < ramp->end_ms)
        part = (double)(now_ms - ramp->begin_ms) / (double)(ramp->end_ms - ramp->begin_ms);
    put_number(behaviour, ramp->point, ramp->from + part * (ramp->to - ramp->from),
               ramp->words);
    ramp->is_active = now_ms < ramp->end_ms;
}

static void step_ramps(struct behaviour *behaviour, int64_t now_ms)
{
    bool any = false;
    for (size_t i = 0; i < behaviour->ramp_count; i++) {
        if (behaviour->ramps[i].is_active)
            step_ramp(behaviour, &behaviour->ramps[i], now_ms);
        any = any || behaviour->ramps[i].is_active;
    }
    behaviour->next_ramp_ms = any ? now_ms + RAMP_PERIOD_MS : NEVER;
}

// xorshift32 (Marsaglia, Journal of Statistical Software 8/14, 2003): a number in -1..1.
static double next_random(struct behaviour *behaviour)
{
    uint32_t x = behaviour->random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    behaviour->random = x;
    return (double)x / (double)UINT32_MAX * 2 - 1;
}

// The centre follows what rules and clients set; an entry without a value has none.
static void find_centre(struct behaviour *behaviour, int point, struct jitter *jitter)
{
    if (jitter->is_known && words_are(behaviour, point, jitter->words))
        return;
    struct image_space space = {0};
    struct value value = entries_value(behaviour->entries, point, &space);
    jitter->is_known = value_is_number(&value);
    jitter->centre = jitter->is_known ? value_number(&value) : 0;
}

static void step_noise(struct behaviour *behaviour, int64_t now_ms)
{
    const struct simulation *simulation = behaviour->simulation;
    for (size_t i = 0; i < simulation->noise_count; i++)
        find_centre(behaviour, simulation->noise[i].point, &behaviour->jitters[i]);
    for (size_t i = 0; i < simulation->noise_count; i++) {
        const struct simulation_noise *noise = &simulation->noise[i];
        struct jitter *jitter = &behaviour->jitters[i];
        double number = jitter->centre + noise->amplitude * next_random(behaviour);
        if (is_ramping(behaviour, noise->point))
            jitter->is_known = false;
        if (jitter->is_known)
            put_number(behaviour, noise->point, number, jitter->words);
    }
    behaviour->next_noise_ms = now_ms + NOISE_PERIOD_MS;
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    if (a_ms == NEVER || b_ms == NEVER)
        return a_ms == NEVER ? b_ms : a_ms;
    return a_ms < b_ms ? a_ms : b_ms;
}

int64_t behaviour_next(const struct behaviour *behaviour)
{
    int64_t next_ms = earlier(behaviour->next_ramp_ms, behaviour->next_noise_ms);
    for (size_t i = 0; i < behaviour->simulation->rule_count; i++)
        next_ms = earlier(next_ms, behaviour->rules[i].due_ms);
    return next_ms == NEVER ? BEHAVIOUR_IDLE : next_ms;
}

// Moment by moment, so that a late call does what punctual ones would have done.
void behaviour_step(struct behaviour *behaviour, int64_t now_ms)
{
    for (int moment = 0; moment < MAX_MOMENTS; moment++) {
        int64_t next_ms = behaviour_next(behaviour);
        if (next_ms == BEHAVIOUR_IDLE || next_ms > now_ms)
            return;
        if (behaviour->next_ramp_ms != NEVER && behaviour->next_ramp_ms <= next_ms)
            step_ramps(behaviour, next_ms);
        if (behaviour->next_noise_ms != NEVER && behaviour->next_noise_ms <= next_ms)
            step_noise(behaviour, next_ms);
        settle(behaviour, next_ms);
    }
}

bool behaviour_is_silent(const struct behaviour *behaviour, int64_t now_ms)
{
    return now_ms < behaviour->silent_until_ms;
}

bool behaviour_take_close(struct behaviour *behaviour)
{
    bool wants_close = behaviour->wants_close;
    behaviour->wants_close = false;
    return wants_close;
}
