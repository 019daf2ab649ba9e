"""
Letters and digits that look like a Latin letter or an ASCII digit, and that no rule of Unicode leads back to it.

From the Unicode Consortium's confusables.txt (UTS 39, Unicode License), as packed in confusable-homoglyphs 3.3.1, less what
compatibility decomposition, case folding and the characters' names tell, less scripts whose own words must stay whole, plus
Cyrillic and Greek small letters that are used as Latin capitals.
"""

LOOKALIKES = {
    "2": "ƧϨᒿ\ua644\ua6ef\ua75a",
    "3": "зЗƷȜ\u2ccc\ua76a\ua7ab\U000118ca\U00016f3b\U0001d206",
    "4": "Ꮞ\U000118af",
    "5": "Ƽ\U000118bb",
    "6": "Ꮾ\u2cd2\U000118d5",
    "7": "\U000104d2\U000118c6\U0001d212",
    "8": "Ȣȣ\U0001031a",
    "9": "\u2cca\ua76e\U000118ac\U000118cc\U000118d6",
    "a": "ɑΑαАаᎪᗅ\u237a\ua4ee\U000102a0\U00016f40\U0001d6a8\U0001d6c2\U0001d6e2\U0001d6fc\U0001d71c\U0001d736\U0001d756\U0001d770\U0001d790\U0001d7aaдД",
    "b": "ƄΒВᏏᏴᑲᖯᗷ\ua4d0\ua7b4\U00010282\U000102a1\U00010301\U0001d6a9\U0001d6e3\U0001d71d\U0001d757\U0001d791вбБьЬ",
    "c": "ϲϹСсᏟ\u2ca4\u2ca5\ua4da\uabaf\U000102a2\U00010302\U00010415\U0001043d\U0001051c\U000118f2\U0001f74c",
    "d": "ԁᎠᏧᑯᗞᗪ\ua4d2\ua4d3δ",
    "e": "ΕЕеҽᎬ\u212e\u22ff\u2d39\ua4f0\uab32\U00010286\U000118a6\U000118ae\U0001d6ac\U0001d6e6\U0001d720\U0001d75a\U0001d794эЭε",
    "f": "Ϝքᖴ\u1e9d\ua4dd\uab35\U00010287\U000102a5\U00010525\U000118a2\U000118c2\U0001d213\U0001d7ca",
    "g": "ƍԌցᏀᏳ\ua4d6",
    "h": "ΗНһհᎻᏂᕼ\u2c8e\ua4e7\U000102cf\U0001d6ae\U0001d6e8\U0001d722\U0001d75c\U0001d796н",
    "i": "Ɩɩ˛ͺΙιІіӀӏᎥᏞ\u1fbe\u2373\u2c92\u2cd0\ua647\uab75\U0001041b\U000118a3\U000118b2\U000118c3\U0001d6a4\U0001d6b0\U0001d6ca\U0001d6ea\U0001d704\U0001d724\U0001d73e\U0001d75e\U0001d778\U0001d798\U0001d7b2ї",
    "j": "ͿϳЈјᎫᒍ\ua4d9",
    "k": "ΚКᏦᛕ\u2c94\ua4d7\U00010518\U0001d6b1\U0001d6eb\U0001d725\U0001d75f\U0001d799кκ",
    "l": "ǀᒪᛁ\u2223\u23fd\u2d4f\ua4e1\ua4f2\uffe8\U0001028a\U00010309\U00010320\U00010526\U00016f16\U00016f28\U0001d22aλ",
    "m": "ΜϺМᎷᗰᛖ\u2c98\ua4df\U000102b0\U00010311\U0001d6b3\U0001d6ed\U0001d727\U0001d761\U0001d79bм",
    "n": "Νոռ\u2c9a\ua4e0\U00010513\U0001d6b4\U0001d6ee\U0001d728\U0001d762\U0001d79cпиПИηπ",
    "o": "ΟοσОоՕօ\u10ff\u1d11\u2c9e\u2c9f\u2d54\u3007\ua4f3\uab3d\U00010292\U000102ab\U00010404\U0001042c\U000104c2\U000104ea\U00010516\U000118b5\U000118c8\U000118d7\U0001d6b6\U0001d6d0\U0001d6d4\U0001d6f0\U0001d70a\U0001d70e\U0001d72a\U0001d744\U0001d748\U0001d764\U0001d77e\U0001d782\U0001d79e\U0001d7b8\U0001d7bcф",
    "p": "ΡρϱРрᏢᑭ\u2374\u2ca2\u2ca3\ua4d1\U00010295\U0001d6b8\U0001d6d2\U0001d6e0\U0001d6f2\U0001d70c\U0001d71a\U0001d72c\U0001d746\U0001d754\U0001d766\U0001d780\U0001d78e\U0001d7a0\U0001d7ba\U0001d7c8",
    "q": "ԛգզ\u2d55",
    "r": "ƦгᎡᏒᖇ\u1d26\u2c85\ua4e3\uab47\uab48\uab81\U000104b4\U00016f35\U0001d216яГЯ",
    "s": "ƽЅѕՏᏕᏚ\ua4e2\uabaa\U00010296\U00010420\U00010448\U000118c1\U00016f3aς",
    "t": "ΤТᎢ\u22a4\u27d9\u2ca6\ua4d4\U00010297\U000102b1\U00010315\U000118bc\U00016f0a\U0001d6bb\U0001d6f5\U0001d72f\U0001d769\U0001d7a3\U0001f768тτ",
    "u": "υՍսᑌ\u222a\u22c3\ua4f4\ua79f\U000104ce\U000104f6\U000118b8\U000118d8\U00016f42\U0001d6d6\U0001d710\U0001d74a\U0001d784\U0001d7beμцЦ",
    "v": "νѴѵᏙᐯ\u2228\u22c1\u2d38\ua4e6\ua6df\uaba9\U0001051d\U00011706\U000118a0\U000118c0\U00016f08\U0001d20d\U0001d6ce\U0001d708\U0001d742\U0001d77c\U0001d7b6",
    "w": "ѡԜԝաᎳᏔ\ua4ea\uab83\U0001170a\U0001170e\U0001170f\U000118efшщШЩω",
    "x": "×ΧХхᕁᕽ᙭ᚷ\u2573\u292b\u292c\u2a2f\u2cac\u2d5d\ua4eb\ua7b3\U00010290\U000102b4\U00010317\U00010322\U00010527\U000118ec\U0001d6be\U0001d6f8\U0001d732\U0001d76c\U0001d7a6χж",
    "y": "ɣΥγϒУуҮү\u10e7ᎩᎽ\u213d\u2ca8\ua4ec\U000102b2\U000118a4\U000118dc\U00016f43\U0001d6bc\U0001d6c4\U0001d6f6\U0001d6fe\U0001d730\U0001d738\U0001d76a\U0001d772\U0001d7a4\U0001d7ac",
    "z": "ΖᏃ\ua4dc\uab93\U000102f5\U000118a9\U000118c4\U0001d6ad\U0001d6e7\U0001d721\U0001d75b\U0001d795",
}
