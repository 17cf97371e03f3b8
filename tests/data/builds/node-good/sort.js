const numbers = process.argv.slice(2).map(Number).sort((one, other) => one - other);
console.log(`sorted: ${numbers.join(" ")}`);
