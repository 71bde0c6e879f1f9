using System.Text;

namespace Lockstep.EndToEnd;

/// <summary>Secrets, in each form in which they could lie where they must not.</summary>
internal sealed class Canaries
{
    private const int LeastBytes = 8;
    private readonly List<(string Name, byte[] Form, bool StandsAlone)> forms = [];

    /// <param name="name">What it is.</param>
    /// <param name="text">As somebody types or sends it.</param>
    /// <returns>The same.</returns>
    public string Text(string name, string text)
    {
        Assert.True(text.Length >= LeastBytes, name);
        forms.Add((name, Encoding.UTF8.GetBytes(text), false));
        return text;
    }

    /// <param name="name">What it is.</param>
    /// <param name="digits">So few that they are in many a longer number: what is looked for is a number of its own.</param>
    /// <returns>The same.</returns>
    public string Number(string name, string digits)
    {
        Assert.True(digits.Length >= LeastBytes, name);
        forms.Add((name, Encoding.ASCII.GetBytes(digits), true));
        return digits;
    }

    /// <param name="name">What it is.</param>
    /// <param name="hex">As it is sent: so, in bytes, and in base64, whatever stands before it.</param>
    /// <returns>The same.</returns>
    public string Hex(string name, string hex)
    {
        Bytes(name, Convert.FromHexString(hex));
        return hex;
    }

    public byte[] Bytes(string name, byte[] value)
    {
        Assert.True(value.Length >= LeastBytes, name);
        forms.Add((name + " in bytes", value, false));
        forms.Add((name + " in hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(value)), false));
        forms.Add((name + " in capital hex", Encoding.ASCII.GetBytes(Convert.ToHexString(value)), false));
        for (var skipped = 0; skipped < 3; skipped++)
        {
            var whole = value[skipped..][..((value.Length - skipped) / 3 * 3)];
            var text = Convert.ToBase64String(whole);
            forms.Add((name + " in base64", Encoding.ASCII.GetBytes(text), false));
            forms.Add((name + " in base64 for URLs", Encoding.ASCII.GetBytes(text.Replace('+', '-').Replace('/', '_')), false));
        }

        return value;
    }

    /// <returns>Which of them are there.</returns>
    public IReadOnlyList<string> In(byte[] place) => [.. forms.Where(form => Has(place, form.Form, form.StandsAlone)).Select(static form => form.Name).Distinct()];

    private static bool Has(byte[] place, byte[] form, bool standsAlone)
    {
        for (var from = 0; place.AsSpan(from).IndexOf(form) is >= 0 and var found; from += found + 1)
        {
            var (before, behind) = (from + found - 1, from + found + form.Length);
            if (!standsAlone || !((before >= 0 && IsOfNumber(place[before])) || (behind < place.Length && IsOfNumber(place[behind]))))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOfNumber(byte value) => char.IsAsciiLetterOrDigit((char)value) || value == '.';
}
