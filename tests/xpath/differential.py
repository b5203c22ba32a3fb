#!/usr/bin/env python3
"""Records what libxml2 makes of several hundred expressions, for tests/xpath.rs to compare with.

Run it where lxml is installed, from anywhere:

    python3 tests/xpath/differential.py

It writes differential.json beside itself: one [document, expression, type, value] a line, nodes as paths of sibling numbers
(`/2/1/@id`, `/` for the document). The context node is the root element. The generated half depends on SEED alone.
"""

import json
import math
import random
from pathlib import Path

from lxml import etree

HERE = Path(__file__).parent
SEED = 20
GENERATED = 300

PREFIXES = {
    "qemu": "http://libvirt.org/schemas/domain/qemu/1.0",
    "osinfo": "http://libosinfo.org/xmlns/libvirt/domain/1.0",
    "d": "urn:default",
    "x": "urn:x",
}

# Where libxml2 leaves the recommendation. These are not recorded, whoever wrote or generated them.
LEFT_OUT = {
    "number('1e3')": "libxml2 reads an exponent; a Number has digits and a point (4.4)",
    "number('.')": "libxml2 makes 0 of it; there is no digit (4.4)",
    "number('-')": "libxml2 makes -0 of it; there is no digit (4.4)",
    "number('- 5')": "libxml2 allows the space; the minus stands right before the number (4.4)",
    "string(0.1 + 0.2)": "libxml2 prints 15 digits; the number is not 0.3 and has to be told from it (4.2)",
    "string(1 div 3)": "libxml2 prints 15 digits, one too few to tell the number from its neighbours (4.2)",
    "string(1000000000000000000000)": "libxml2 prints an exponent, which no number has (4.2)",
    "string(0.0000001)": "libxml2 prints an exponent, which no number has (4.2)",
    "round(0.49999999999999994)": "libxml2 adds a half first; 0 is closer than 1 (4.4)",
    "id(' s1  s2 ')/d:para": "libxml2 loses a word after two spaces; words are separated by any white space (4.1)",
    "//@level/following::node()": "libxml2 begins behind the element; its children come after its attributes (2.2, 5)",
    "//@level/following::text()": "libxml2 begins behind the element; its children come after its attributes (2.2, 5)",
}

HANDWRITTEN = {
    "domain": """
        name
        devices/interface[@type='vhostuser']
        devices/interface[@type!='vhostuser']
        devices/interface[not(@type='vhostuser')]/mac/@address
        devices/tpm/backend[@type='passthrough']
        devices/disk[driver/@type='qcow2' and source/@file]
        devices/disk[driver/@type='raw' or readonly]/target/@dev
        devices/*[self::disk or self::interface]
        devices/*[not(self::disk)][2]
        devices/*[last()]
        devices/*[last() - 1]/@type
        devices/*[position() > 2 and position() < 5]
        devices/disk[1]/following-sibling::*[1]
        devices/interface[2]/preceding-sibling::*[1]
        devices/interface[2]/preceding-sibling::*[3]
        (devices/interface[2]/preceding-sibling::*)[1]
        devices/interface[2]/preceding::*[2]
        devices/interface[1]/source/ancestor::*
        devices/interface[1]/source/ancestor::*[1]
        (devices/interface[1]/source/ancestor::*)[1]
        devices/interface[1]/source/ancestor-or-self::*[last()]
        qemu:commandline/qemu:arg[@value='-device']/following-sibling::qemu:arg[1]/@value
        qemu:*
        qemu:*/*
        qemu:commandline
        metadata/osinfo:libosinfo/osinfo:os/@id
        metadata/*/*/@id
        metadata/*/osinfo:*
        memory > 4194304
        memory mod 131072
        memory mod 131072 != 0
        memory[@unit='KiB'] div 1024
        memory div 0
        number(currentMemory/@unit)
        vcpu > 256
        vcpu/@current < vcpu
        @type
        @type='kvm'
        @*
        @id + 1
        ./@id * 2
        ../domain/name
        /domain/name
        /
        /*
        //interface
        //interface/@type
        //@type
        //@*[. = 'virtio']
        //@*[. = 'virtio']/..
        //*[@type='virtio']
        //source/@*
        //*[starts-with(@path, '/dev')]
        //*[contains(@type, 'user')]/*
        //interface[model/@type = 'virtio']
        //interface[source[@type='unix'][@mode='server']]
        //disk[2]/target
        //disk[last()]/target
        //driver[1]
        (//driver)[1]
        (//driver)[last()]
        //driver[@name='qemu'][2]
        (//driver[@name='qemu'])[2]/@type
        //*[count(*) = 3]
        //*[count(@*) > 3]
        //*[not(*) and not(@*) and not(text())]
        //*[text() = 'hvm']
        //type/text()
        count(//*)
        count(//node())
        count(//text())
        count(//@*)
        count(devices/*)
        count(/)
        count(devices/disk | devices/interface)
        devices/disk | devices/interface | devices/disk
        devices/interface | name | @id
        name | /domain/@id | name/text()
        //mac/@address = '52:54:00:6b:3c:59'
        //mac/@address != '52:54:00:6b:3c:59'
        not(//mac/@address = 'none')
        //@dev = //boot/@dev
        //disk/target/@dev = //boot/@dev
        //disk/@type = //interface/@type
        //disk/@type != //interface/@type
        //@index = 0
        //graphics/@port < 0
        graphics = ''
        graphics != ''
        devices/none = false()
        devices/none != true()
        devices = true()
        boolean(devices/none)
        boolean(devices/tpm)
        string(devices/disk[2]/target/@bus)
        string(devices/none)
        string(os)
        normalize-space(os)
        normalize-space(devices/emulator)
        concat(name, '/', uuid, '/', @id)
        substring-before(uuid, '-')
        substring-after(os/type/@machine, 'pc-q35-')
        substring-before(name, 'x')
        substring(name, 2, 2)
        substring(uuid, string-length(uuid) - 3)
        string-length(name)
        translate(name, 'webx-', 'WEB')
        starts-with(os/type/@machine, 'pc-q35')
        contains(devices/emulator, 'qemu')
        local-name(qemu:commandline)
        name(*[last()])
        namespace-uri(qemu:commandline)
        name(//@unit)
        name()
        local-name(..)
        name(/)
        sum(//@index)
        sum(memory | vcpu)
        floor(vcpu div 3)
        ceiling(vcpu div 3)
        round(vcpu div 3)
        number(name)
        -vcpu
        --vcpu
        - - - vcpu
        vcpu - 1
        vcpu -1
        vcpu* 2
        2*vcpu
        * * 2
        *[1] = 'web-01'
        *
        child::*
        child::node()[2]
        descendant::source
        descendant-or-self::domain
        self::domain
        self::disk
        self::node()/name
        attribute::type
        attribute::*
        parent::node()
        ancestor::node()
        ancestor-or-self::node()
        following::node()
        preceding::node()
        name/following::mac
        qemu:commandline/preceding::boot
        os/boot[2]/preceding-sibling::*
        os/boot[1]/following-sibling::boot/@dev
        features/*
        features/vmport[@state='off']
        features[acpi and apic]
        features[acpi][apic][vmport/@state='on']
        .//backend/device/@path
        .//backend[@type='passthrough']//@path
        devices//source
        devices//source[@path]
        devices//*[@bus]/../driver
        devices//*/../..
        //*/..
        //@type/..
        //@type/../..
        //@type/../@*
        //driver/../target/@bus
        //source/../../../name
        //device/@path | //source/@path
        *[boot]
        *[boot/@dev='hd']/type
        *[2][self::uuid]
        *[self::os][1]
        *[self::os][2]
        *[self::os or self::cpu][2]
        *[position()=3]
        *[position() mod 2 = 1]
        *[3 = position()]
        *['1']
        *[0]
        *[1.5]
        *[-1]
        *[number('2')]
        *[true()]
        *[false()]
        *['']
        *[@unit][2]
        *[2][@unit]
        devices/interface/source[@network][1]
        devices/interface[1]/source[1]/@path
        devices/disk[driver[@cache]]/@device
        (devices/disk)[2]/@type
        (devices/disk | devices/tpm)[last()]
        (devices/disk | devices/tpm)[2]/target
        (//disk/target)[@bus='sata']
        ((//disk)[1]//@name)
        1 = 1.0
        '1' = 1
        '1.0' = 1
        'a' = 'a'
        'a' < 'b'
        '1' < '2'
        true() = 1
        true() = 'x'
        true() > false()
        1 < 2 < 3
        3 > 2 > 1
        1 = 2 = 0
        1 + 2 * 3
        (1 + 2) * 3
        7 mod 3
        -7 mod 3
        7 mod -3
        1.5 mod 0.5
        1 div 0
        -1 div 0
        0 div 0
        10 - 2 - 3
        2 * 3 div 4
        6div 2
        1 or 0
        0 or ''
        1 and ''
        true() and false() or true()
        not(1 = 2) and 2 >= 2
        name or none
        name and none
        none or false()
    """,
    "mixed": """
        d:title
        title
        d:title/d:em
        d:title/text()
        string(d:title)
        x:section
        x:section/@level
        x:section/@x:level
        x:section/@x:*
        x:section/@*
        x:section/@xml:id
        //@xml:*
        x:section[@level='2']/d:para
        x:section[@x:level='1']/d:para/@type
        x:section/plain
        x:section/d:plain
        //plain
        //x:*
        //d:*
        //x:b/..
        //x:b[2]
        //text()
        //text()[normalize-space()]
        //comment()
        //processing-instruction()
        //processing-instruction('target')
        //processing-instruction('other')
        //processing-instruction("none")
        /processing-instruction()
        /comment()
        /node()
        count(/node())
        /node()[1]
        /node()[last()]
        name(//processing-instruction())
        local-name(//processing-instruction())
        namespace-uri(//processing-instruction())
        string(//processing-instruction())
        string(//processing-instruction('target'))
        string(//processing-instruction('other'))
        string(//comment())
        string(/comment()[2])
        name(//comment())
        name(//text())
        //d:para[lang('de')]
        //d:para[lang('DE')]
        //d:para[lang('de-AT')]
        //d:para[lang('de-at-x')]
        //d:para[lang('en')]
        //*[lang('d')]
        lang('en')
        lang('')
        //d:para[1]/text()
        //d:para[1]
        string(//d:para[1])
        string-length(//d:para[1])
        substring(//d:para[1], 3, 6)
        substring-before(//d:para[1], ',')
        contains(//d:para[1], '世界')
        translate(//d:para[1], 'üß世', 'us')
        normalize-space(x:section[2]/d:para)
        string(x:section[2]/d:para)
        string-length(x:section[2]/d:para)
        x:section[2]/node()
        x:section[2]/node()[2]
        x:section[2]/*[last()]
        x:section[1]/node()[4]
        x:section/node()[self::comment() or self::processing-instruction()]
        x:section/comment()/preceding-sibling::node()
        x:section/comment()/following-sibling::node()
        x:section/comment()/..
        x:section/processing-instruction()[2]/preceding-sibling::*[1]
        comment()/following::processing-instruction()[1]
        comment()/preceding::text()
        //x:b/preceding::text()[1]
        //x:b/following::text()[1]
        //x:b[1]/ancestor::*
        //x:b[1]/text()/ancestor::x:section
        //em
        //*[local-name()='em']
        //*[namespace-uri()='']
        //*[namespace-uri()='urn:x']
        //*[name()='x:section']/@xml:id
        //@*[name()='x:level']
        //@*[local-name()='level']
        //@*[namespace-uri()='urn:x']
        namespace-uri(x:section/@level)
        namespace-uri(x:section/@x:level)
        namespace-uri(//@xml:id)
        name(//@xml:id)
        //*[@xml:id='s2']
        id('s1')
        id('s2 t1')
        id('none')
        id(' s1  s2 ')/d:para
        id('t1')/d:em
        //@level/ancestor::*
        //@level/ancestor-or-self::node()
        //@level/self::node()
        //@level/self::*
        //@level/descendant-or-self::node()
        //@level/child::node()
        //@level/following-sibling::node()
        //@level/preceding::comment()
        //@level/following::node()
        //@level/following::text()
        //@level/parent::*
        //@level/..
        (//@level | //x:section)[1]
        (//@* | //*)[5]
        //text()/..
        //text()[contains(., 'bold')]/..
        //*[.//text()[contains(., 'raw')]]
        //*[comment()]
        //*[processing-instruction('target')]
        //*[not(text())]
        count(//node()[not(self::*)])
        string(/)
        normalize-space(/)
        string-length(/)
        self::d:doc
        self::doc
        ./x:section[d:empty]
        x:section[not(d:empty)]/@xml:id
        . = /
        . = /*
        .//d:para = 'second bold and bolder'
        x:section//d:para[@type]
        x:section//d:para[not(@type)]
    """,
    "numbers": """
        n
        n[1]
        n[. = 2]
        n[. > 1]
        n[. >= 2]
        n[. < 0]
        n[number() = 2]
        n[number(.) != number(.)]
        n[. = 'x']
        n[. = '']
        n[not(. = .)]
        n[string-length() = 1]
        sum(n)
        sum(n[. > 0])
        sum(group/n)
        sum(none)
        number(n[2])
        number(n[3])
        number(n[4])
        number(n[5])
        number(n[6])
        number(n[7])
        number(n[8])
        number(n[9])
        string(number(n[3]))
        string(number(n[4]))
        string(number(n[5]))
        string(number(n[8]))
        string(number(n[9]))
        string(number('-0'))
        string(-0)
        string(0)
        string(1 div 0)
        string(-1 div 0)
        string(0 div 0)
        string(1.50)
        string(100)
        string(123456789)
        string(0.5)
        string(-0.25)
        string(.5)
        string(5.)
        string(0.1 + 0.2)
        string(1 div 3)
        string(1000000000000000000000)
        string(0.0000001)
        1 div -0
        1 div number('-0')
        number('1e3')
        number('+1')
        number('.')
        number('-')
        number('')
        number(' ')
        number('- 5')
        number('-5')
        number(' -5.5 ')
        number('5.')
        number('.5')
        number('1 2')
        number('0x10')
        number('Infinity')
        number('1,000')
        number(true())
        number(false())
        number('true')
        floor(2.5)
        floor(-2.5)
        ceiling(2.5)
        ceiling(-2.5)
        ceiling(-0.5)
        round(2.5)
        round(-2.5)
        round(-2.6)
        round(-0.5)
        1 div round(-0.4)
        round(0.49999999999999994)
        round(1 div 0)
        round(0 div 0)
        substring('12345', 2, 3)
        substring('12345', 2)
        substring('12345', 1.5, 2.6)
        substring('12345', 0, 3)
        substring('12345', 0 div 0, 3)
        substring('12345', 1, 0 div 0)
        substring('12345', -42, 1 div 0)
        substring('12345', -1 div 0, 1 div 0)
        substring('12345', -1 div 0)
        substring('12345', 6)
        substring('12345', 5, 1)
        substring('12345', 3, -1)
        substring('', 1, 2)
        boolean(0)
        boolean(-0)
        boolean(0 div 0)
        boolean(1 div 0)
        boolean('0')
        boolean('')
        boolean('false')
        boolean(n)
        not(n[99])
        group/@a < group/@b
        group/@a > group/@b
        group/@a <= group/@b
        group/@a = group/@b
        group[@a > @b]
        group[@a < @b]
        group[@a < @c]
        group[@c = 'abc']/@a
        group/@c < 1
        group/@c > 1
        group/n = n
        group/n != n
        group/n < n
        n < group/n
        n >= group/n
        n = '2'
        n = 2
        '2' = n
        2 = n
        2 > n
        '2' < n
        n = true()
        none = true()
        none = ''
        none != ''
        none < 1
        none = none
        none or n
        n[. = ../group/n]
        n[. = preceding-sibling::n]
        n[not(. > ../n)]
        n[not(../n > .)]
        n[position() = last()]
        n[last()]
        n[last() - 1]
        n[position() < last()][position() > 7]
        n[position() mod 3 = 0]
        n[count(preceding-sibling::n) = 3]
        n[count(following-sibling::n) < 2]
        (n | group/n)[last()]
        (n | group/n)[position() > 9]
        //n[1]
        //n[last()]
        (//n)[last()]
        //n[position() = 2]
        //n[. > 5][1]
        //n[1][. > 5]
        //n[. > 5][last()]
        v[starts-with(., '7.9')]
        v > 7.5
        v[number() = number()]
        concat(n[1], n[2], n[3])
        concat(1, true(), 'x', n[1])
        concat(1.0, -2.50, 3)
        string-length(12345)
        contains(12345, 34)
        starts-with('abc', '')
        contains('', '')
        substring-before('1999/04/01', '/')
        substring-after('1999/04/01', '/')
        substring-after('1999/04/01', '19')
        substring-after('abc', '')
        substring-before('abc', '')
        translate('bar', 'abc', 'ABC')
        translate('--aaa--', 'abc-', 'ABC')
        translate('aab', 'aa', 'xy')
        normalize-space('  a  b ')
        string(true())
        string(n > 1)
        string(n)
        string(n[7])
        count(n | n)
        count(n[. = 2] | n[. > 1])
        "it's"
        'say "x"'
        ''
        3
        .5
        -.5
        - (1)
        -(-(1))
        1 - -1
        2 >= 2
        2 != 2
        5 mod 2 + 10 div 4 * 3
        ((((1))))
    """,
    "deep": """
        //a
        //a/a
        //a//a
        //a//b
        //a//b//c
        //b/a
        //a/@n
        //a/b/@n
        //c[. = 'one']/@n
        //b[c]/@n
        //b[.//c]/@n
        //a[b and c]/@n
        //a[not(.//b)]/@n
        //a/ancestor::b
        //c/ancestor::a/@n
        //c/ancestor::*[2]/@n
        //c/ancestor-or-self::*[2]/@n
        //b/preceding::c/@n
        //b/following::c/@n
        //b/following::*[1]/@n
        //b/preceding::*[1]/@n
        //b/preceding-sibling::*/@n
        //b/following-sibling::*/@n
        //b/preceding-sibling::*[1]/@n
        //b/following-sibling::a[1]/@n
        //b/..
        //b/../..
        //b/../b/@n
        //a/../a/@n
        //a/descendant::c/@n
        //a/descendant::c[1]/@n
        //a/descendant-or-self::a/@n
        //a/descendant-or-self::a[2]/@n
        //a/child::*[1]/@n
        //a/*[last()]/@n
        //a/parent::b/@n
        //a/self::a/@n
        //a/self::b
        //*[self::a or self::b]/self::b/@n
        //*[@n > 10][@n < 15]/@n
        //*[@n mod 5 = 0]/@n
        //*[count(ancestor::*) = 3]/@n
        //*[count(ancestor::a) > count(ancestor::b)]/@n
        //*[position() = 2]/@n
        //*[2]/@n
        (//*)[2]/@n
        (//*)[position() > 15]/@n
        //b[2]/@n
        //c[1]/@n
        //a[1]/b[1]/@n
        //a[last()]/@n
        (//b)[last()]/text()
        a/b/a/c | //b[@n='9']/c
        a//c/.. | a//c
        .//c | .//b | .//a
        //c/text()
        //b/text()
        //b/text()[2]
        string(//b[@n='18'])
        string(.)
        //*[. = 'two']/@n
        //*[text() = 'two']/@n
        //*[.//@n = 16]/@n
        //c = 'three'
        //c[1] = //b[1]
        //a/@n = //b/@n
        //a/@n < //b/@n
        sum(//@n)
        sum(//c/@n)
        count(//a//a)
        count(//*//*)
        count(//a/ancestor::*)
        count(//*/following::*)
        count(//*/preceding::*)
        count(//@n/..)
        count(//@n/../..)
        //a[a/@n = 5]/@n
        //a[a[@n = 5]]/@n
        //a[b/a[c]]/@n
        //*[*[*[*]]]/@n
        //*[*/*/*]/@n
        //*[not(*)]/@n
        //*[../@n = 8]/@n
        //*[../../@n = 8]/@n
        //*[ancestor::b[@n='2']]/@n
        //*[preceding-sibling::*[1][self::b]]/@n
        //*[following-sibling::*[1][self::b]]/@n
        //c/following::a[2]/@n
        //c/preceding::a[2]/@n
        (//c/preceding::a)[2]/@n
        //a/b | //b/a
        (//a | //b)[@n > 12]/@n
        (//a | //b)[3]/@n
        //a[(b | c)[2]]/@n
        //a[(b | c)/@n > 5]/@n
        a/b/../../@n
        a/b/../../c/b/a
        //descendant::a/@n
        //descendant-or-self::a/@n
        //child::a/@n
        //./@n
        //.//@n
        //..
        .//.
        /a/a
        /descendant::a[3]/@n
        /descendant::a[position() < 3]/@n
        descendant::c[last()]/@n
        descendant::*[last()]/@n
        descendant::b[a]/a/@n
        ancestor::node()
        /*/*[2]/*/@n
        */*/*/@n
        */a[c]/@n | */b/@n
        //c[not(preceding::c)]/@n
        //c[not(. = preceding::c)]/@n
        //c[. = following::c]/@n
    """,
    "texts": """
        child::para
        child::*
        child::text()
        child::node()
        chapter/child::para
        attribute::name
        attribute::*
        descendant::para
        ancestor::div
        descendant::para/ancestor::chapter
        descendant-or-self::para
        self::para
        self::texts
        child::chapter/descendant::para
        child::*/child::para
        /
        /descendant::para
        /descendant::olist/child::item
        child::para[position()=1]
        chapter/child::para[position()=1]
        chapter/child::para[position()=last()]
        chapter/child::para[position()=last()-1]
        chapter/child::para[position()>1]
        chapter[2]/para[1]/following-sibling::para[position()=1]
        chapter[2]/para[3]/preceding-sibling::para[position()=1]
        /descendant::figure[position()=2]
        /child::texts/child::chapter[position()=2]/child::para[position()=2]
        chapter/child::para[attribute::type="warning"]
        chapter/child::para[attribute::type='warning'][position()=3]
        chapter/child::para[position()=2][attribute::type="warning"]
        child::chapter[child::title='Introduction']
        child::chapter[child::title]
        appendix/child::*[self::chapter or self::employee]
        child::*[self::chapter or self::appendix]
        child::*[self::chapter or self::appendix][position()=last()]
        para
        chapter/para
        *
        text()
        chapter/title/text()
        @name
        chapter/@*
        chapter/para[1]
        chapter/para[last()]
        */para
        /texts/chapter[2]/para[2]
        chapter//para
        //para
        //olist/item
        .
        .//para
        ..
        chapter/../@lang
        chapter/para[@type="warning"]
        chapter/para[@type="warning"][3]
        chapter/para[3][@type="warning"]
        chapter[title="Introduction"]
        chapter[title]
        //employee[@secretary and @assistant]
        //para[1]
        /descendant::para[1]
        //@id
        chapter[@id]/@id
        chapter[contains(concat(' ', @class, ' '), ' easy ')]/title
        //figure[@ref = /texts/chapter/@id]
        //figure[@ref = //chapter[title='Body']/@id]/@ref
        //figure[not(@ref = //chapter[title='Body']/@id)]/@ref
        //chapter[@id = //figure/@ref]/title
        //para[string-length() > 5]
        //para[normalize-space()]
        //para[not(node())]
        //chapter[para]/para[1]/text()
        //chapter[count(para) > 2]/title
        //chapter[not(title)]
        //chapter[last()]//item[last()]
        //item[. = 'i2']/preceding-sibling::item
        //employee[not(@*)]
        //employee[count(@*) = 1]/preceding-sibling::employee/@assistant
        (//para | //item)[last()]
        //chapter[2]/para[position() = 2 or position() = 4]
        //chapter[2]/para[not(position() = 2)][2]
        //chapter/para[@type='warning' and position() = last()]
        //title[. = 'Body' or . = 'Introduction'][2]
        //title[../para[2]/@type = 'note']
        child :: chapter [ @id = 'c2' ] / title
        chapter[@class][@id]
        div | chapter
        mod
        or or and
        div div div
        chapter * 2
        chapter[*]/@id
        //*[* = 'Two.']
    """,
}


class Generator:
    """Random expressions that mean something often enough."""

    def __init__(self, document, rng):
        self.rng = rng
        self.elements = {
            "domain": ["devices", "disk", "interface", "source", "driver", "*", "target", "type", "qemu:arg", "node()", "text()"],
            "mixed": ["d:para", "x:section", "x:b", "*", "d:*", "x:*", "node()", "text()", "comment()", "processing-instruction()"],
            "numbers": ["n", "group", "*", "v", "node()", "text()"],
            "deep": ["a", "b", "c", "*", "a", "b", "node()", "text()"],
            "texts": ["chapter", "para", "title", "item", "*", "employee", "figure", "node()", "text()"],
        }[document]
        self.attributes = {
            "domain": ["type", "name", "dev", "*", "path"],
            "mixed": ["type", "level", "x:level", "*", "xml:id", "xml:*"],
            "numbers": ["a", "b", "c", "*"],
            "deep": ["n", "n", "*"],
            "texts": ["id", "type", "class", "ref", "*"],
        }[document]
        self.strings = {
            "domain": ["virtio", "vhostuser", "qemu", "hvm", "block", ""],
            "mixed": ["warning", "1", "bold", "s1", ""],
            "numbers": ["2", "x", "10", "", "7"],
            "deep": ["one", "5", "two", "12", ""],
            "texts": ["warning", "c1", "Five.", "easy", ""],
        }[document]

    def pick(self, *choices):
        return self.rng.choice(choices)

    def axis(self):
        axes = ["child", "child", "descendant", "descendant-or-self", "self", "parent", "ancestor", "ancestor-or-self"]
        axes += ["following", "following-sibling", "preceding", "preceding-sibling"]
        return self.rng.choice(axes)

    def step(self, depth):
        shape = self.rng.random()
        if shape < 0.12:
            return self.pick(".", "..")
        if shape < 0.25:
            step = "@" + self.rng.choice(self.attributes)
        elif shape < 0.6:
            step = self.rng.choice(self.elements)
        else:
            step = self.axis() + "::" + self.rng.choice(self.elements)
        while depth > 0 and self.rng.random() < 0.35:
            step += "[" + self.predicate(depth - 1) + "]"
            depth -= 1
        return step

    def path(self, depth):
        steps = [self.step(depth) for _ in range(self.rng.randint(1, 3))]
        path = steps[0]
        for step in steps[1:]:
            path += self.pick("/", "/", "//") + step
        start = self.rng.random()
        if start < 0.35:
            path = "//" + path
        elif start < 0.4:
            path = "/" + path
        elif start < 0.5 and depth > 0:
            path = "(" + self.nodes(depth - 1) + ")" + self.pick("", "[1]", "[last()]", "[position() > 1]") + "/" + path
        return path

    def nodes(self, depth):
        if depth > 0 and self.rng.random() < 0.2:
            return self.path(depth - 1) + " | " + self.path(depth - 1)
        return self.path(depth)

    def number(self, depth):
        simple = [lambda: str(self.rng.randint(0, 12)), lambda: "position()", lambda: "last()"]
        nested = [
            lambda: "count(" + self.nodes(depth - 1) + ")",
            lambda: "string-length(" + self.string(depth - 1) + ")",
            lambda: "sum(" + self.path(depth - 1) + ")",
            lambda: "number(" + self.path(depth - 1) + ")",
            lambda: self.number(depth - 1) + " " + self.pick("+", "-", "*", "mod") + " " + self.number(depth - 1),
            lambda: "floor(" + self.number(depth - 1) + ")",
        ]
        return self.rng.choice(simple + nested if depth > 0 else simple)()

    def string(self, depth):
        simple = [lambda: "'" + self.rng.choice(self.strings) + "'", lambda: "name()", lambda: "string()"]
        nested = [
            lambda: "string(" + self.path(depth - 1) + ")",
            lambda: "concat(" + self.string(depth - 1) + ", " + self.string(depth - 1) + ")",
            lambda: "substring(" + self.string(depth - 1) + ", " + str(self.rng.randint(-1, 4)) + ", 3)",
            lambda: "normalize-space(" + self.path(depth - 1) + ")",
            lambda: "local-name(" + self.path(depth - 1) + ")",
            lambda: "translate(" + self.string(depth - 1) + ", 'aeiou', 'AEI')",
        ]
        return self.rng.choice(simple + nested if depth > 0 else simple)()

    def boolean(self, depth):
        operators = ["=", "!=", "<", "<=", ">", ">="]
        inner = max(depth - 1, 0)
        value = lambda: self.rng.choice([self.number, self.string, self.nodes, self.nodes])(inner)
        shapes = [
            lambda: value() + " " + self.rng.choice(operators) + " " + value(),
            lambda: value() + " " + self.rng.choice(operators[:2]) + " '" + self.rng.choice(self.strings) + "'",
            lambda: "not(" + self.nodes(inner) + ")",
            lambda: self.pick("contains(", "starts-with(") + self.string(inner) + ", '" + self.rng.choice(self.strings) + "')",
        ]
        if depth > 0:
            shapes.append(lambda: self.boolean(depth - 1) + self.pick(" and ", " or ") + self.boolean(depth - 1))
        return self.rng.choice(shapes)()

    def predicate(self, depth):
        shape = self.rng.random()
        if shape < 0.2:
            return self.pick("1", "2", "last()", "position() > 1", "position() = last()")
        if shape < 0.5:
            return self.path(depth)
        return self.boolean(depth)

    def expression(self):
        shape = self.rng.random()
        if shape < 0.65:
            return self.nodes(2)
        return self.rng.choice([self.boolean, self.number, self.string])(2)


def place(node):
    """The path of an element, a comment or an instruction by the numbers of siblings."""
    parent = node.getparent()
    if parent is None:
        return "/" + str(len(list(node.itersiblings(preceding=True))) + 1)
    number = 1 if parent.text else 0
    for child in parent:
        number += 1
        if child is node:
            return place(parent) + "/" + str(number)
        number += 1 if child.tail else 0
    raise AssertionError("a node is not among its parent's children")


def node_place(node):
    if not isinstance(node, str):
        return place(node)
    if node.is_attribute:
        return place(node.getparent()) + "/@" + node.attrname
    if node.is_text:
        return place(node.getparent()) + "/1"
    above, number = place(node.getparent()).rsplit("/", 1)
    return above + "/" + str(int(number) + 1)


def record(document, root, expression):
    value = root.xpath(expression, namespaces=PREFIXES)
    if isinstance(value, list):
        places = [node_place(node) for node in value]
        # lxml drops the document node, which is always the first.
        if root.xpath("count(" + expression + ")", namespaces=PREFIXES) > len(value):
            places.insert(0, "/")
        return [document, expression, "nodes", places]
    if isinstance(value, bool):
        return [document, expression, "boolean", value]
    if isinstance(value, float):
        text = "NaN" if math.isnan(value) else "Infinity" if value == math.inf else "-Infinity" if value == -math.inf else value
        return [document, expression, "number", text]
    return [document, expression, "string", str(value)]


def main():
    rows, seen = [], set()
    rng = random.Random(SEED)
    roots = {name: etree.parse(str(HERE / "documents" / (name + ".xml"))).getroot() for name in HANDWRITTEN}

    def add(document, expression):
        if expression in LEFT_OUT or (document, expression) in seen:
            return False
        seen.add((document, expression))
        rows.append(record(document, roots[document], expression))
        return True

    for document, expressions in HANDWRITTEN.items():
        for expression in expressions.strip().splitlines():
            add(document, expression.strip())
    written = len(rows)
    left = GENERATED
    while left > 0:
        document = rng.choice(sorted(roots))
        expression = Generator(document, rng).expression()
        try:
            value = roots[document].xpath(expression, namespaces=PREFIXES)
        except etree.XPathEvalError:
            # lxml gives the outermost expression neither a position nor a size, where the recommendation has 1 and 1 for us.
            continue
        # Expressions that find nothing prove little; keep few of them.
        if value in ([], "", False) and rng.random() < 0.8:
            continue
        left -= add(document, expression)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (HERE / "differential.json").write_text("[\n" + lines + "\n]\n", encoding="utf-8")
    print(written, "written by hand,", len(rows) - written, "generated,", len(LEFT_OUT), "left out")


if __name__ == "__main__":
    main()
