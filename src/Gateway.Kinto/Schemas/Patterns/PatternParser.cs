using System.Globalization;

namespace Lockstep.Gateway.Kinto.Schemas.Patterns;

/// <summary>
/// Reads patterns as Python's <c>re</c> and ECMAScript have them in common, as far as they can be matched in one pass over the text. What looks
/// around or back cannot, and is refused by name.
/// </summary>
/// <param name="pattern">The text.</param>
internal sealed class PatternParser(string pattern)
{
    private const int MaxLength = 2_000;
    private const int MaxGroups = 50;
    private const int MaxRepeats = 1_000;

    private int at;
    private int groups;

    private bool IsAtEnd => at >= pattern.Length;

    /// <exception cref="PatternException">It is no pattern, or has what is not taken.</exception>
    public PatternNode Parse()
    {
        if (pattern.Length > MaxLength)
        {
            throw new PatternException($"a pattern may have {MaxLength} characters");
        }

        var node = Choice();
        return IsAtEnd ? node : throw Unexpected();
    }

    private PatternNode Choice()
    {
        var parts = new List<PatternNode> { Sequence() };
        while (TryTake('|'))
        {
            parts.Add(Sequence());
        }

        return parts.Count == 1 ? parts[0] : new PatternNode.Choice(parts);
    }

    private PatternNode Sequence()
    {
        var parts = new List<PatternNode>();
        while (!IsAtEnd && pattern[at] is not ('|' or ')'))
        {
            parts.Add(Repeated(Atom()));
        }

        return parts.Count switch { 0 => new PatternNode.Empty(), 1 => parts[0], _ => new PatternNode.Sequence(parts) };
    }

    private PatternNode Repeated(PatternNode node)
    {
        if (IsAtEnd)
        {
            return node;
        }

        (int Min, int? Max)? times = pattern[at] switch
        {
            '*' => (0, null),
            '+' => (1, null),
            '?' => (0, 1),
            _ => null,
        };
        if (times is not null)
        {
            at++;
        }
        else if (pattern[at] != '{' || !TryTakeTimes(out times))
        {
            return node;
        }

        // Whether as many or as few as can be makes no difference to whether there is a match.
        TryTake('?');
        if (!IsAtEnd && (pattern[at] is '*' or '+' or '?' || (pattern[at] == '{' && TryTakeTimes(out _))))
        {
            throw Refused("a repetition of a repetition");
        }

        return new PatternNode.Repeat(node, times!.Value.Min, times.Value.Max);
    }

    /// <summary>A brace that begins no number of times is itself, and stays where it is.</summary>
    private bool TryTakeTimes(out (int Min, int? Max)? times)
    {
        times = null;
        var end = at + 1;

        // No further than what may stand in it: each brace of a long text is looked at, and each character behind it only once.
        while (end < pattern.Length && (char.IsAsciiDigit(pattern[end]) || pattern[end] == ','))
        {
            end++;
        }

        if (end == pattern.Length || pattern[end] != '}')
        {
            return false;
        }

        var inner = pattern[(at + 1)..end];
        var comma = inner.IndexOf(',', StringComparison.Ordinal);
        var (least, most) = comma < 0 ? (inner, inner) : (inner[..comma], inner[(comma + 1)..]);
        if (!(least + most).All(char.IsAsciiDigit) || (comma < 0 && least.Length == 0) || (least + most).Length == 0)
        {
            return false;
        }

        var min = Times(least, 0);
        int? max = most.Length == 0 ? null : Times(most, 0);
        if (max < min)
        {
            throw new PatternException($"the pattern has a repetition of at least {min} and at most {max}");
        }

        at = end + 1;
        times = (min, max);
        return true;
    }

    private static int Times(string digits, int missing) => digits.Length == 0 ? missing
        : int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var times) && times <= MaxRepeats ? times
        : throw new PatternException($"something in a pattern may be repeated {MaxRepeats} times, or any number of times");

    private PatternNode Atom()
    {
        var c = pattern[at++];
        switch (c)
        {
            case '.':
                return new PatternNode.One(CharacterSet.Any);
            case '^':
                return new PatternNode.Place(PatternPlace.Start);
            case '$':
                return new PatternNode.Place(PatternPlace.End);
            case '(':
                return Group();
            case '[':
                return new PatternNode.One(Set());
            case '\\':
                return Escape();
            case '*' or '+' or '?':
                at--;
                throw Unexpected();
            default:
                at--;
                return new PatternNode.One(CharacterSet.Of(Character()));
        }
    }

    private PatternNode Group()
    {
        if (++groups > MaxGroups)
        {
            throw new PatternException($"a pattern may have {MaxGroups} groups");
        }

        if (TryTake('?'))
        {
            if (!TryTake(':'))
            {
                var named = TryTake('P') && !IsAtEnd && pattern[at] == '<';
                if (!named && (IsAtEnd || pattern[at] != '<' || (at + 1 < pattern.Length && pattern[at + 1] is '=' or '!')))
                {
                    throw Refused("a group that looks around or sets something");
                }

                var end = pattern.IndexOf('>', at);
                at = end < 0 ? throw Unexpected() : end + 1;
            }
        }

        var node = Choice();
        return TryTake(')') ? node : throw new PatternException("the pattern has a group that is not closed");
    }

    private PatternNode Escape()
    {
        if (IsAtEnd)
        {
            throw new PatternException("the pattern ends with a backslash");
        }

        switch (pattern[at])
        {
            case 'b':
                at++;
                return new PatternNode.Place(PatternPlace.WordBoundary);
            case 'B':
                at++;
                return new PatternNode.Place(PatternPlace.NoWordBoundary);
            case 'A':
                at++;
                return new PatternNode.Place(PatternPlace.Start);
            case 'Z' or 'z':
                at++;
                return new PatternNode.Place(PatternPlace.VeryEnd);
            case 'd' or 'D' or 'w' or 'W' or 's' or 'S':
                return new PatternNode.One(CharacterSet.Class(pattern[at++]));
            case >= '1' and <= '9' or 'k':
                throw Refused("a reference to a group");
            default:
                return new PatternNode.One(CharacterSet.Of(Escaped()));
        }
    }

    private CharacterSet Set()
    {
        var isNegated = TryTake('^');
        var (ranges, classes, first) = (new List<(int, int)>(), "", at);
        while (true)
        {
            if (IsAtEnd)
            {
                throw new PatternException("the pattern has a set of characters that is not closed");
            }

            if (pattern[at] == ']' && at > first)
            {
                at++;
                return CharacterSet.Of(ranges, classes, isNegated);
            }

            if (Member() is not { } from)
            {
                classes += classes.Contains(pattern[at - 1], StringComparison.Ordinal) ? "" : pattern[at - 1];
                continue;
            }

            if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] != ']')
            {
                at++;
                if (Member() is not { } to || to < from)
                {
                    throw new PatternException("the pattern has a range of characters that is none");
                }

                ranges.Add((from, to));
            }
            else
            {
                ranges.Add((from, from));
            }
        }
    }

    /// <returns>Null for a class, whose letter was just taken.</returns>
    private int? Member()
    {
        if (pattern[at] != '\\')
        {
            return Character();
        }

        at++;
        if (IsAtEnd)
        {
            throw new PatternException("the pattern ends with a backslash");
        }

        switch (pattern[at])
        {
            case 'd' or 'D' or 'w' or 'W' or 's' or 'S':
                at++;
                return null;
            case 'b':
                at++;
                return '\b';
            default:
                return Escaped();
        }
    }

    private int Escaped()
    {
        var c = pattern[at];
        switch (c)
        {
            case 'n' or 't' or 'r' or 'f' or 'v' or 'a' or '0':
                at++;
                return c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'f' => '\f', 'v' => '\v', 'a' => '\a', _ => '\0' };
            case 'x':
                return Hexadecimal(2);
            case 'u' when at + 1 < pattern.Length && pattern[at + 1] == '{':
                var end = pattern.IndexOf('}', at);
                return end < 0 ? throw Unexpected() : Hexadecimal(end - at - 2, braces: true);
            case 'u':
                return Hexadecimal(4);
            case 'U':
                return Hexadecimal(8);
            case (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '1' and <= '9'):
                throw Refused($"\\{c}");
            default:
                return Character();
        }
    }

    private int Hexadecimal(int digits, bool braces = false)
    {
        at += braces ? 2 : 1;
        if (at + digits > pattern.Length || digits is < 1 or > 8
            || !int.TryParse(pattern.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || value is < 0 or > 0x10FFFF)
        {
            throw new PatternException("the pattern has an escape that names no character");
        }

        at += digits + (braces ? 1 : 0);
        return value;
    }

    private int Character()
    {
        var character = PatternText.At(pattern, at);
        at += character > char.MaxValue ? 2 : 1;
        return character;
    }

    private bool TryTake(char c)
    {
        if (IsAtEnd || pattern[at] != c)
        {
            return false;
        }

        at++;
        return true;
    }

    private PatternException Unexpected() => new($"the pattern has something at character {at + 1} that does not belong there");

    private PatternException Refused(string what) => new($"the pattern has {what} at character {at + 1}, which is not taken here: patterns are matched in one pass");
}
