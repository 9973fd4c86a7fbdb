// Evaluate with certlogic-js: node tools/certlogic.js PACKAGE, one line of JSON in, one line out.
//
//   {"groups": [{"rules": [...], "data": [...]}]}  -> every rule on every data context of its group
//   "measure"                                      -> one round over them, in microseconds of CPU
//
// An evaluation that throws is {"open": true}; a Date is {"date": milliseconds}.
const { evaluate } = require(process.argv[2]);
let groups = [];

function one(rule, data) {
  try {
    const value = evaluate(rule, data);
    return value instanceof Date ? { date: value.getTime() } : value;
  } catch {
    return { open: true };
  }
}

function round(keep) {
  const found = [];
  for (const { rules, data } of groups) {
    for (const context of data) {
      for (const rule of rules) {
        const value = one(rule, context);
        if (keep) found.push(value);
      }
    }
  }
  return found;
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  if (asked === "measure") {
    const before = process.cpuUsage();
    round(false);
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify(user + system));
  } else {
    groups = asked.groups;
    console.log(JSON.stringify(round(true)));
  }
});
