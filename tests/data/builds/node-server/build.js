// Writes the page that the server gives.
const fs = require("fs");
const goods = JSON.parse(fs.readFileSync("goods.json", "utf8"));
const items = goods.map((one) => `<li>${one}</li>`).join("");
fs.writeFileSync("index.html", `<h1>Shop</h1><ul>${items}</ul>\n`);
