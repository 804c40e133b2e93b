// Busy for a third of a second of CPU time, however loaded the machine, then it ends.
function sumOfRoots(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.sqrt(i);
  return sum;
}
const begin = process.cpuUsage();
while (process.cpuUsage(begin).user < 300_000) sumOfRoots(1e5);
