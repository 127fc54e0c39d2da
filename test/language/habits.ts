/** A wording that is nearly always wrong in this project, and what to write instead. */
export interface Habit {
  /** Case is ignored. A space matches any white space, so a phrase is found across a line break too. */
  readonly pattern: RegExp;
  readonly reason: string;
  readonly better: string;
  /** A sentence that shows the habit. The tests check that it is found. */
  readonly example: string;
}

export const HABITS: readonly Habit[] = [
  {
    pattern: /, and not\b(?! only\b)/,
    reason: "hard to read aloud",
    better: '", not …", "instead of …" or "rather than …"',
    example: "The library compares ids, and not classes.",
  },
  {
    pattern: /\bsuch an?\b/,
    reason: "makes the reader look back",
    better: "name the thing again",
    example: "With such a client, nothing is checked.",
  },
  {
    pattern: /\bof (?:its|their|his|her|one's) own\b/,
    reason: "the possessive belongs before the noun",
    better: '"its own …", "a separate …" or "one … each"',
    example: "Each role has a queue of its own.",
  },
  {
    pattern: /\bpass(?:es|ing)? by\b|\bpass(?:es)? for\b(?! the\b)/,
    reason: "not a technical term",
    better: '"bypass", "impersonate" or "count as"',
    example: "A proxy could pass for AWS.",
  },
  {
    pattern: /\bwhoever\b|\bwho wants\b/,
    reason: "does not address the reader",
    better: '"if you …", "to get …, write …" or "the caller"',
    example: "Who wants every role lists a pattern.",
  },
  {
    pattern: /\btells (?:what|which|whether|how|who|whose|why|where|when)\b/,
    reason: "a program does not tell",
    better: '"shows", "prints", "reports" or "says"',
    example: "This command tells which role is used.",
  },
  {
    pattern: /\bdemand(?:s|ed)\b/,
    reason: "the field's word is another",
    better: '"requires"',
    example: "The trust policy demands an external id.",
  },
  {
    pattern: /\bhas to\b(?! wait\b)/,
    reason: "wordy",
    better: '"must"',
    example: "The answer has to name the role.",
  },
  {
    pattern: /\bfreed\b|\bfrees (?:a|the|this|each|every) (?:caller|waiter|command)\b/,
    reason: "the field's word is another",
    better: '"canceled" or "released"',
    example: "The caller is freed at once.",
  },
  {
    pattern: /\bmoved (?:clock|time)\b|\bclock that (?:a|the) test moves\b|\bclock that is moved\b/,
    reason: "the field's word is another",
    better: '"manual clock"',
    example: "The suite runs with a moved clock.",
  },
  {
    pattern:
      /\b(?:\d+|two|three|ten|more|fewer|the|all|its|of|between|these) tries\b|\b(?:next|first|last|another|each|one) try\b/,
    reason: "the field's word is another",
    better: '"attempts"',
    example: "STS gets three tries.",
  },
  {
    pattern:
      /\bthe way (?:to (?:the (?:STS|metadata|AWS)\b|AWS\b|STS\b|IMDS\b)|is\b|out\b)|\bits own way\b|\bway of a request\b/,
    reason: "a riddle",
    better: '"network path", "route" or "transport"',
    example: "The way is no part of the key.",
  },
  {
    pattern:
      /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|later\b|better\b|such\b|\w+er than\b)/,
    reason: 'English negates the verb: "is not a"',
    better: '"is not a …", "is not …"',
    example: "A timeout is no failure.",
  },
  {
    pattern: /\bof no use\b/,
    reason: "vague",
    better: '"failed", "unusable"',
    example: "The store was of no use.",
  },
  {
    pattern: /\banew\b/,
    reason: "nobody says it",
    better: '"again", "a new …"',
    example: "The next caller loads it anew.",
  },
  {
    pattern: /\bbeliev(?:e|es|ed)\b/,
    reason: "software does not believe",
    better: '"trust", "accept", "validate"',
    example: "Nothing that a store says is believed.",
  },
  {
    pattern: /\b(?:something|anything|nothing|somebody|anybody) else than\b|\banother (?:[\w-]+ ){1,2}than\b/,
    reason: '"else" and "another" do not take "than"',
    better: '"anything other than", "a different … from"',
    example: "It would run as another role than the one that it names.",
  },
  {
    pattern: /\bin vain\b/,
    reason: "old-fashioned",
    better: '"failed …", "without success"',
    example: "The process waited in vain.",
  },
  {
    pattern: /\bknows? (?:no|nothing|of)\b/,
    reason: "software does not know",
    better: '"has no", "does not support", "returns no"',
    example: "The metadata service knows no role for this machine.",
  },
  {
    pattern: /\bstands? (?:in(?! for\b| the way\b)|on|there|beside|behind|between|once|twice|alone|first|last|with)\b/,
    reason: "a value does not stand",
    better: '"is in", "appears in", "is listed"',
    example: "The reason stands in the message.",
  },
  {
    pattern: /\b(?:ask(?:s|ed)?|calls?) nobody\b/,
    reason: "names no one to call",
    better: '"makes no network calls"',
    example: "The command calls nobody.",
  },
  {
    pattern: /\bin clear\b/,
    reason: "not idiomatic",
    better: '"unencrypted" or "in plain text"',
    example: "The keys would go through a network in clear.",
  },
  {
    pattern: /\bserved on(?= while\b| until\b|[.,:;])/,
    reason: "not idiomatic",
    better: '"is still served", "keeps being served"',
    example: "An expired set is served on until a new one arrives.",
  },
  {
    pattern: /\bby turns\b/,
    reason: "not idiomatic",
    better: '"alternating with", "interleaved"',
    example: "The contenders run by turns.",
  },
  {
    pattern: /\band (?:its|their) like\b/,
    reason: "old-fashioned",
    better: '"and similar …"',
    example: "It is meant for LocalStack and its like.",
  },
  {
    pattern: /\bmend(?:s|ed|ing)?\b/,
    reason: "old-fashioned for software",
    better: '"fix"',
    example: "The hint says how to mend the mock.",
  },
  {
    pattern: /\b(?:nothing|surely|anything) dead\b|\bdead (?:session|credential|set|key)s?\b/,
    reason: "a session does not die",
    better: '"expired"',
    example: "A suspended machine serves nothing dead.",
  },
  {
    pattern: /\b(?:a|the|this|each|whose) wish\b/,
    reason: "a program does not wish",
    better: '"request", "requirement" or "option"',
    example: "A wish that cannot be met is an error.",
  },
  {
    pattern: /\btexts\b|\ba text\b(?! (?:file|field|editor|node|format))/,
    reason: "the field's word is another",
    better: '"string", "message" or "content"',
    example: "The body is a text of 20 characters.",
  },
  {
    pattern: /\bis wrong: received\b|\blist of 0\b|\blist with a hole\b/,
    reason: "an error names what is wrong with the value",
    better: '"is invalid: received", "an empty array", "an array with an empty slot"',
    example: "instance.region is wrong: received 7.",
  },
  {
    pattern: /\bridden out\b|\brides? out\b/,
    reason: "an idiom that hides the fact",
    better: "say what callers get meanwhile",
    example: "An outage is ridden out on the old session.",
  },
  {
    pattern: /\b(?:to|can|could|may) be had\b|\b(?:gives?|gave) way\b/,
    reason: "nobody says it of a program",
    better: '"can be loaded", "is available", "is evicted", "is replaced"',
    example: "There is no session to be had.",
  },
  {
    pattern: /\bturns? out to be\b|\bwhat answers\b|\bby AWS's own word\b/,
    reason: "a riddle: the reader has to guess what is meant",
    better: "name the thing: the identity, the server",
    example: "Who the credentials turn out to be is noted.",
  },
  {
    pattern: /\bunder way\b|\bfor ever\b/,
    reason: "out of use",
    better: '"in progress", "forever"',
    example: "A load that is under way goes on.",
  },
  {
    pattern: /\basks? STS\b/,
    reason: "programs call a service",
    better: '"calls STS"',
    example: "The next command asks STS again.",
  },
  {
    pattern:
      /\b(?:behaviours?|colou?red in|colours?|honour\w*|licence[sd]?|recognis\w+|initialis\w+|authoris\w+|serialis\w+|normalis\w+|organis(?:e|ation)\w*|cancell(?:ed|ing)|favour\w*|whilst|amongst|misspelt|spelt|learnt|grey)\b/,
    reason: "spelling is American",
    better: '"behavior", "color", "honor", "license", "recognize", "canceled", "misspelled", …',
    example: "The behaviour is unspecified.",
  },
];

/** Wordings of other programs, which are quoted as they are. */
export const QUOTED: readonly string[] = [];

export interface Finding {
  readonly line: number;
  readonly words: string;
  readonly habit: Habit;
}

/** Finds habits in text, whatever the text is. `readable-text.ts` reduces a file to what people read in it. */
export function findHabits(text: string): Finding[] {
  let visible = text;
  for (const quoted of QUOTED) visible = visible.replaceAll(quoted, (match) => " ".repeat(match.length));
  return HABITS.flatMap((habit) => {
    const pattern = new RegExp(habit.pattern.source.replaceAll(" ", "\\s+"), "gi");
    return [...visible.matchAll(pattern)].map((match) => ({
      line: visible.slice(0, match.index).split("\n").length,
      words: match[0].replace(/\s+/g, " ").trim(),
      habit,
    }));
  }).toSorted((a, b) => a.line - b.line);
}
