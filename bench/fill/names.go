package fill

// step is a prime that divides none of the numbers below.
const step = 7919

var separators = [...]string{".", "_", "-", ""}

var domains = [...]string{
	"example.com", "mail.example.com", "example.org", "example.net", "students.example.edu", "shop.example.co.uk",
}

var given = [...]string{
	"aaron", "ada", "agnes", "ahmed", "aiko", "alan", "alba", "alex", "alice", "amara", "amir", "ana", "anders", "andrea", "anna",
	"arjun", "astrid", "aya", "beatriz", "ben", "bianca", "boris", "camille", "carlos", "carmen", "chen", "chiara", "chloe", "clara", "daniel",
	"daria", "david", "diego", "dina", "dmitri", "edith", "elena", "elif", "elsa", "emil", "emma", "erik", "eva", "fatima", "felix",
	"fiona", "frida", "gabriel", "george", "grace", "greta", "hana", "hannah", "hassan", "helen", "henrik", "hugo", "ibrahim", "ida", "igor",
	"ines", "ingrid", "irina", "isaac", "isabel", "ivan", "jack", "jana", "javier", "jin", "johan", "john", "jonas", "julia", "kai",
	"karin", "kenji", "lars", "laura", "leila", "leo", "lina", "lucia", "lukas", "maja", "marco", "maria", "martin", "mei", "mia",
	"nadia", "nils", "nina", "noah", "nora", "olga", "oliver", "omar", "oscar", "paula",
}

var surnames = [...]string{
	"abbott", "adler", "ahmadi", "almeida", "andersen", "aoki", "arnold", "bailey", "barros", "bauer", "becker", "bell", "berg", "bianchi", "blanc",
	"bosch", "brandt", "brown", "bruno", "carter", "castro", "chang", "clark", "cohen", "cole", "cruz", "dahl", "davies", "delgado", "diaz",
	"dietrich", "dubois", "duarte", "edwards", "ekstrom", "evans", "fabre", "fernandez", "ferrari", "fischer", "fleming", "fonseca", "foster", "frank", "fujita",
	"garcia", "gibson", "gomez", "gray", "green", "gruber", "gupta", "haas", "hall", "hansen", "harris", "hayashi", "hoffmann", "holm", "huang",
	"hughes", "ibsen", "ito", "ivanov", "jackson", "jansen", "jensen", "jones", "joshi", "kaya", "keller", "khan", "kim", "klein", "kovacs",
	"kowalski", "kumar", "lambert", "lang", "larsen", "lee", "leroy", "lewis", "lindberg", "lopez", "lund", "maier", "marino", "martinez", "meyer",
	"miller", "moreau", "mori", "moser", "murphy", "nakamura", "navarro", "nguyen", "nielsen", "novak", "olsen", "ortega", "ozturk", "palmer", "park",
	"patel", "pereira", "peters", "petrov", "pinto", "popov", "price", "quinn", "ramos", "reed", "reyes", "ricci", "richter", "rivera", "roberts",
	"romano", "rossi", "roux", "ruiz", "russo", "saito", "sanchez", "santos", "sato", "schmidt", "schneider", "schulz", "scott", "silva", "singh",
	"smith", "sokolov", "suzuki", "tanaka", "taylor", "thomas", "torres", "turner", "vargas", "vogel", "wagner", "walker", "wang", "weber", "young",
}
