"""Converts kept recordings of format 1 to format 2."""
import json, sys, glob
def convert(path):
    lines = open(path).read().split('\n')
    assert lines[-1] == ''
    lines = lines[:-1]
    head = lines[0].replace('"tcplull_recording":1,', '"tcplull_recording":2,', 1)
    out = [head]
    i = 1
    while i < len(lines):
        line = lines[i]
        if line != '"look_around"':
            if line.startswith('{"observation"') and json.loads(line)["observation"]["fact"]["kind"] == "swept":
                raise SystemExit(f"{path}:{i+1}: a row without its sweep")
            out.append(line); i += 1
            continue
        j = i + 1
        while j < len(lines) and (lines[j].startswith('{"observation"') or lines[j].startswith('{"lost"')):
            j += 1
        window = lines[i+1:j]
        number = 0
        later = []
        pending = False
        for l in window:
            if '"kind":"swept"' in l and json.loads(l)["observation"]["fact"]["kind"] == "swept":
                pre = '{"observation":{'
                assert l.startswith(pre)
                out.append('{"row":{' + (f'"number":{number},' if number else '') + l[len(pre):])
                number += 1
                pending = True
            else:
                if pending:
                    later.append('{"judge_rows":{"below":%d}}' % number); pending = False
                later.append(l)
        if pending:
            later.append('{"judge_rows":{"below":%d}}' % number)
        out += later
        i = j
    open(path, 'w').write('\n'.join(out) + '\n')
for p in sys.argv[1:]:
    convert(p)
