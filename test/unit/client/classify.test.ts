import fc from 'fast-check'
import { format } from 'mysql2'
import { describe, expect, test } from 'vitest'
import { classify } from '../../../src/client/sql/classify.ts'

const kinds: readonly (readonly [string, readonly string[]])[] = [
  ['read', [
    'SELECT 1', 'select * from t where a = ? and b in (?, ?)', '(SELECT 1) UNION (SELECT 2)', 'WITH a AS (SELECT 1) SELECT * FROM a', 'WITH RECURSIVE a (n, m) AS (SELECT 1, 2) SELECT * FROM a',
    "SELECT 'FOR UPDATE', \"INTO x\", `lock` FROM t", '-- FOR UPDATE\nSELECT 1', '/* INTO */ SELECT 1 # FOR UPDATE', 'SELECT 1;', 'SELECT COUNT(*), MAX(a) FROM t GROUP BY b HAVING (a > 1)', 'SELECT REPLACE(a, 1, 2), INSERT(a, 1, 2, 3) FROM t',
    'SELECT CAST(a AS CHAR(10)), CONVERT(a, DECIMAL(10, 2)) FROM t', 'SELECT a FROM t FOR SYSTEM_TIME ALL', 'SHOW TABLES', 'EXPLAIN UPDATE t SET a = 1', 'DESCRIBE t', 'SELECT @@version', 'SET STATEMENT max_statement_time=1 FOR SELECT 1',
    "SELECT 'it''s', 'a\\\\n'", 'SELECT NOW()', 'SELECT a FROM t WHERE (a, b) IN ((1, 2))', "SELECT JSON_VALUE(a, '$.b') FROM t", 'VALUES (1, 2)', 'SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) FROM t', 'SELECT a FROM t USE INDEX (b) LIMIT 1', "SELECT a FROM t WHERE MATCH (a) AGAINST ('x')", 'SELECT ST_X(p) FROM t',
    "SELECT 'O\\'Brien'", "SELECT 'O\\'Brien' AS a, \"O\\\"Brien\" AS b, 'O\\'Brien';", "SELECT \"a\\\"b\", \"c\\\"d\"", 'SELECT ?? FROM ?? WHERE (?) AND a IN (?)', 'SELECT a FROM t WHERE b IN (:b) AND (:c)', 'VALUES (?), (?)', "SHOW TABLES WHERE LEFT(a, 1) IN ('b') AND (c)",
  ]],
  ['write', [
    'INSERT INTO t VALUES (1)', 'SELECT a FROM t FOR UPDATE', 'SELECT a FROM t FOR UPDATE SKIP LOCKED', 'SELECT a FROM t LOCK IN SHARE MODE NOWAIT', 'SELECT 1 INTO @a', "SELECT 1 INTO OUTFILE 'x'", 'SELECT @a', 'SELECT @a := 1', 'SELECT mine(1)', 'SELECT db.mine(1)',
    'SELECT `mine`(1)', "SELECT GET_LOCK('a', 1)", 'SELECT NEXTVAL(s)', 'SELECT NEXT VALUE FOR s', 'SELECT db.user(1)', 'SELECT st_next_number()', 'SELECT ST_X1(p) FROM t', 'SELECT TO_NUMBER(1)', 'SELECT /*!40001 SQL_NO_CACHE */ a FROM t', '/*!999999 EXPLAIN */ DELETE FROM t', 'SELECT s.NEXTVAL', 'SELECT s.currval FROM dual', 'SELECT SETVAL(s, 1)', 'SELECT LAST_INSERT_ID(5)', 'SELECT 1 /*! FOR UPDATE */', 'SELECT 1 /*M!100100 INTO @x */', 'CREATE TEMPORARY TABLE t (a INT)', 'DROP TEMPORARY TABLE t',
    'SET GLOBAL a = 1', 'SET @@GLOBAL.a = 1', 'DO SLEEP(1)', 'WITH a AS (SELECT 1) DELETE FROM t', 'SET STATEMENT insert_id=5 FOR INSERT INTO t VALUES (1)', 'REPLACE INTO t VALUES (1)', 'UNLOCK TABLES', 'ANALYZE UPDATE t SET a = 1', "SELECT IS_USED_LOCK('x')", 'HANDLER t OPEN', 'SELECT * FROM t PROCEDURE ANALYSE()', "SELECT db . `mine` ('x')",
    'SELECT ??(?)', 'SELECT ?(1)', 'SELECT ??.?? (?)', 'SELECT :mine(1)', 'SELECT :left (1)', 'SHOW TABLES WHERE mine(1)', 'SHOW SESSION STATUS WHERE `mine`(1)', 'SHOW TABLES WHERE 1 = @a', "SHOW TABLES WHERE GET_LOCK('a', 1)", 'SET @a = 1', 'SET @a = 1, sql_mode = ""', 'SET insert_id = 5', 'SET SESSION timestamp = 1', 'PREPARE s FROM "SELECT 1"', 'DEALLOCATE PREPARE s', 'DROP PREPARE s', 'SELECT 2fa_next(1)', 'SELECT db.2fa_next(1)',
  ]],
  ['last', ['SELECT LAST_INSERT_ID()', 'SELECT FOUND_ROWS()', 'SELECT ROW_COUNT()', 'SELECT CONNECTION_ID()', 'SHOW WARNINGS', 'SHOW COUNT(*) ERRORS', 'SELECT @@last_insert_id', 'SELECT @@SESSION.warning_count', 'SELECT DATABASE()', 'SELECT CURRENT_USER', 'SHOW SESSION VARIABLES']],
  ['opaque', ['SELECT 1; SELECT 2', 'CALL p()', "SELECT 'unclosed", "SELECT 'a\\'", 'BEGIN NOT ATOMIC SELECT 1; END', 'COMMIT AND CHAIN', 'XA START "a"', 'EXECUTE s', 'EXECUTE IMMEDIATE "SELECT 1"', 'LOAD DATA INFILE "x" INTO TABLE t', 'SET autocommit = 0, sql_mode = ""', 'SET @a = 1, autocommit = 0', 'SET autocommit = 1, @a = 1', 'SET timestamp = 1, SESSION autocommit = 0', 'SET GLOBAL a = 1, SESSION b = 2', 'SET SESSION b = 2, GLOBAL a = 1', 'SET autocommit = ?', "SET autocommit = 'ON'", 'SET autocommit = DEFAULT', 'SET autocommit = @@GLOBAL.autocommit', 'nonsense', '', 'SELECT 1 /*! FOR UPDATE', 'SET `autocommit` = 0', 'SET `completion_type` = 1', "SELECT 1 /*!999999 ' */ FOR UPDATE /* ' */",
    'SET completion_type = 1', 'SET SESSION completion_type = CHAIN', 'SET @@session.completion_type = 2', 'SET @@completion_type = 2', 'SET GLOBAL completion_type = 1', 'SET @@GLOBAL.completion_type = 1', 'SET @a = 1, completion_type = 1', 'SET STATEMENT completion_type = 1 FOR COMMIT',
    "SELECT 'a\\'; DROP TABLE x; -- '", "SELECT 'a\\'; DROP TABLE x; '", "SELECT 'a\\' FOR UPDATE -- '", "SELECT 'a\\' /*! FOR UPDATE */ -- '", "SELECT 1 /*!999999 ' */ FOR UPDATE /* \\' '*/", 'SELECT "a\\" FOR UPDATE -- "', `SELECT "a\\" FOR UPDATE, 'b\\'c' -- "`, "SELECT 'a\\', \\N FOR UPDATE -- '"]],
  ['begin', ['BEGIN', 'begin work', 'START TRANSACTION', 'START TRANSACTION READ ONLY', 'START TRANSACTION WITH CONSISTENT SNAPSHOT', '/* x */ BEGIN;']],
  ['commit', ['COMMIT', 'commit work', 'COMMIT AND NO CHAIN']],
  ['rollback', ['ROLLBACK', 'ROLLBACK WORK']],
  ['savepoint', ['SAVEPOINT a', 'ROLLBACK TO a', 'ROLLBACK WORK TO SAVEPOINT a', 'RELEASE SAVEPOINT a']],
  ['kill', ['KILL 5', 'KILL QUERY 5']],
  ['set', ['SET NAMES utf8mb4', 'SET time_zone = "+00:00"', 'SET SESSION wait_timeout = 5', 'SET @@sql_mode = ""', 'USE db', 'SET CHARACTER SET utf8mb4', 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', 'SET ROLE a', 'SET time_zone = @@GLOBAL.time_zone', 'SET sql_mode = REPLACE(@@global.sql_mode)']],
  ['set-transaction', ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE']],
  ['autocommit-off', ['SET autocommit=0', 'SET SESSION autocommit = OFF', 'SET @@autocommit = 0', 'SET @@session.autocommit=false']],
  ['autocommit-on', ['SET autocommit=1', 'SET LOCAL autocommit = ON', 'set @@autocommit = TRUE']],
  ['ddl', ['CREATE TABLE t (a INT)', 'ALTER TABLE t ADD b INT', 'TRUNCATE t', 'DROP TABLE t', 'LOCK TABLES t WRITE', 'GRANT ALL ON *.* TO a', 'FLUSH TABLES WITH READ LOCK', 'ANALYZE TABLE t', 'SET PASSWORD = "x"', 'RENAME TABLE a TO b']],
]

describe.each(kinds)('%s', (kind, texts) => {
  test.each(texts)('%s', (sql) => expect(classify(sql).kind).toBe(kind))
})

test.each([
  ['user variable', ['SET @a = 1', 'SELECT @a := 1', 'SELECT 1 INTO @a', 'UPDATE t SET a = (@b := a)', 'SET insert_id = 5', 'SET timestamp = 1', 'SET @a = 1, autocommit = 0']],
  ['temporary table', ['CREATE TEMPORARY TABLE t (a INT)', 'CREATE OR REPLACE TEMPORARY TABLE t (a INT)']],
  ['lock', ['LOCK TABLES t WRITE', "SELECT GET_LOCK('a', 1)", "DO GET_LOCK('a', 1)", 'FLUSH TABLES WITH READ LOCK', 'HANDLER t OPEN', "SHOW TABLES WHERE GET_LOCK('a', 1)", "SELECT GET_LOCK('a', 1); SELECT 1"]],
  ['prepared statement', ['PREPARE s FROM "SELECT 1"', 'DEALLOCATE PREPARE s', 'DROP PREPARE s', 'SELECT 1; PREPARE s FROM "SELECT 1"']],
  ['XA', ['SET completion_type = 1', 'SET @@session.completion_type = 1', 'XA START "a"', 'SET ?? = ?', 'SET STATEMENT ?? = ? FOR SELECT 1', 'SET SESSION ?? = ?', 'SET @@session.?? = ?', 'SET ?', 'SET SESSION ?', 'SET sql_mode = ?, ?? = ?', 'SET sql_mode = "", ?', 'SET :name = 1']],
  ['settings', ['SET time_zone = "+00:00"; SET NAMES utf8mb4', 'USE db; SELECT 1', 'SET autocommit = 0; SELECT 1', 'SET TRANSACTION READ ONLY; SELECT 1']],
  [null, ['CALL p()', 'CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = 1; SET NEW.b = 2; END', "INSERT INTO t VALUES ('Don\\'t; it\\'s bad')", 'SET CHARACTER SET ?', 'SET PASSWORD FOR ? = PASSWORD(?)', 'SET STATEMENT max_statement_time = 5 FOR SELECT a, ? FROM t WHERE ? = b LIMIT ?, ?', 'SET STATEMENT max_statement_time = 5 FOR INSERT INTO t SET ?', 'SET STATEMENT max_statement_time = 5 FOR SELECT `a` FROM t WHERE `a` = ?', 'SELECT 1; SELECT n FROM t', 'BEGIN; UPDATE t SET a = 1; COMMIT', 'LOAD DATA INFILE "x" INTO TABLE t', 'SET sql_mode = ?', 'SET sql_mode = CONCAT(@@sql_mode, ?)', 'SET time_zone = :zone']],
] as const)('%s: only its own connection has it', (pin, texts) => {
  for (const sql of texts) expect(classify(sql).pin, sql).toBe(pin)
})

test.each([
  ['SELECT LAST_INSERT_ID()', true, false],
  ['INSERT INTO t VALUES (1)', false, true],
  ['INSERT INTO t VALUES (LAST_INSERT_ID())', true, true],
  ['INSERT INTO t (id) VALUES (1) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)', false, true],
  ['UPDATE t SET n = last_insert_id (n + 1)', false, true],
  ['SELECT LAST_INSERT_ID(5)', false, true],
  ['SELECT @@identity', true, false],
  ['SET @id = LAST_INSERT_ID()', true, false],
  ['CALL p(LAST_INSERT_ID())', true, false],
  ['INSERT INTO t VALUES (1); SELECT LAST_INSERT_ID()', false, true],
  ['UPDATE t SET n = LAST_INSERT_ID(); INSERT INTO t VALUES (1)', true, true],
  ['SELECT REPLACE(a, b, c); SELECT INSERT(a, 1, 2, 3)', false, false],
  ['UPDATE t SET n = 1', false, false],
])('%s: asks for the last id %s, gives one %s', (sql, lastId, givesId) => expect(classify(sql)).toMatchObject({ lastId, givesId }))

test.each([
  ['SHOW WARNINGS', true], ['SHOW COUNT(*) ERRORS', true], ['SELECT FOUND_ROWS()', true], ['SELECT ROW_COUNT()', true], ['SELECT @@warning_count', true],
  ['SELECT DATABASE()', false], ['SELECT CONNECTION_ID()', false], ['SHOW SESSION VARIABLES', false], ['SELECT row_count FROM t', false],
])('%s: asks how the statement before went %s', (sql, ofBefore) => expect(classify(sql)).toMatchObject({ ofBefore }))

test('a read with whatever inside, be it quoted or a comment, stays a read; unquoted it does not', () => {
  const effect = fc.constantFrom('FOR UPDATE', 'LOCK IN SHARE MODE', 'INTO @x', '; DELETE FROM t', ":= 1", 'mine(1)')
  fc.assert(fc.property(effect, fc.constantFrom("'", '"', '`', '/*'), (text, open) => {
    const close = open === '/*' ? '*/' : open
    expect(classify(`SELECT a ${open}${text}${close} FROM t`).kind).toBe('read')
    expect(classify(`SELECT a FROM t WHERE b = 1 AND ${text}`).kind).not.toBe('read')
  }))
})

test('texts as mysql2 writes them are understood, whatever quotes and backslashes are in them', () => {
  const text = fc.array(fc.constantFrom("'", '"', '`', '\\', 'a', 'N', ' ', ',', '(', '\n'), { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (values) => void expect(classify(format('SELECT a FROM t WHERE b IN (?) AND c = 1;', [values])).kind).toBe('read')))
})

test('what has an effect in any sql_mode is no read: escaped in one, it is not in the other', () => {
  const effect = fc.constantFrom(' FOR UPDATE', ' INTO @x', '; DELETE FROM t', '; DELETE FROM t; ')
  const before = fc.array(fc.constantFrom("'b'", "'b\\\\'", '"b"', "'b''c'", ','), { maxLength: 3 }).map((parts) => parts.join(' '))
  fc.assert(fc.property(effect, before, fc.constantFrom("'", '"'), (text, values, quote) => {
    expect(classify(`SELECT ${values} ${quote}a\\${quote}${text} -- ${quote}`).kind).not.toBe('read')
  }))
})

test('nothing makes it throw, and it is quick', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (sql) => void expect(classify(sql)).toHaveProperty('kind')))
  fc.assert(fc.property(fc.array(fc.constantFrom("'", '"', '`', '\\', '/*', '*/', '/*!', '--', '#', '@', '@@', ';', '(', ')', 'SELECT', ' '), { maxLength: 60 }), (parts) => void expect(classify(parts.join(''))).toHaveProperty('kind')))
  expect(classify(`SELECT ${'('.repeat(20_000)}`).kind).toBeDefined()
  expect(classify(`SET a = (${'?, '.repeat(100_000)}1)`).kind).toBe('set')
})
