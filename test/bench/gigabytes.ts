/** SQL that makes about so many GB: one large table, fifty small ones, one wide with blobs. */
export const gigabytes = (count: number) => `
CREATE TABLE big (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, amount DECIMAL(12,2), placed DATETIME(3) NOT NULL, state ENUM('new','paid','sent'), note VARCHAR(120), token CHAR(32) CHARACTER SET ascii, KEY (customer), KEY (placed));
INSERT INTO big (customer, amount, placed, state, note, token) SELECT seq * 7919 % 1000003, seq % 100000 / 7, '2020-01-01' + INTERVAL seq SECOND, 1 + seq % 3, CONCAT('note ', REPEAT(SUBSTR(MD5(seq), 1, 7), 8)), MD5(seq + 1) FROM seq_1_to_${count * 3_000_000};
CREATE TABLE wide (id INT PRIMARY KEY, body LONGBLOB, doc JSON, a INT, b INT, d VARCHAR(50), f DOUBLE, g DATE);
INSERT INTO wide SELECT seq, REPEAT(UNHEX(CONCAT(MD5(seq), SHA1(seq), MD5(-seq), '00090a0d5c')), 1500), JSON_OBJECT('a', seq, 'b', MD5(seq)), seq, seq * 2, MD5(seq), seq / 7, '2024-01-01' + INTERVAL seq % 1000 DAY FROM seq_1_to_${count * 4_000};
${Array.from({ length: 50 }, (_, at) => `CREATE TABLE small${at} (id INT PRIMARY KEY, a VARCHAR(64), b INT, KEY (b)); INSERT INTO small${at} SELECT seq, MD5(seq), seq FROM seq_1_to_${count * 2_000};`).join('\n')}
ANALYZE TABLE big, wide;
`
