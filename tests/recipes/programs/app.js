// Busy for a third of a second, then it ends.
function sumOfRoots(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.sqrt(i);
  return sum;
}
const end = Date.now() + 300;
while (Date.now() < end) sumOfRoots(1e5);
