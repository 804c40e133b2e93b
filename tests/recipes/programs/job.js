// A job that runs until it is stopped.
function sumOfRoots(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.sqrt(i);
  return sum;
}
setInterval(() => sumOfRoots(1e6), 5);
