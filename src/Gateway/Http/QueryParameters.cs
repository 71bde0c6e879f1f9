using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Lockstep.Gateway.Http;

/// <summary>A decoded query string, in order. Unlike the framework's, it refuses invalid UTF-8.</summary>
public sealed class QueryParameters
{
    public static readonly QueryParameters None = new([]);

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<KeyValuePair<string, string>> pairs;

    private QueryParameters(List<KeyValuePair<string, string>> pairs) => this.pairs = pairs;

    public IReadOnlyList<KeyValuePair<string, string>> Pairs => pairs;

    /// <param name="name">The parameter.</param>
    /// <param name="value">Its value; null if it is missing.</param>
    /// <returns>False if the name occurs more than once, so that it is not clear which value is meant.</returns>
    public bool TryGetOnly(string name, out string? value)
    {
        value = null;
        foreach (var (key, candidate) in pairs)
        {
            if (string.Equals(key, name, StringComparison.Ordinal))
            {
                if (value is not null)
                {
                    return false;
                }

                value = candidate;
            }
        }

        return true;
    }

    /// <summary>The same parameters with changed values.</summary>
    /// <param name="value">Returns the new value for a parameter's name and value.</param>
    public QueryParameters With(Func<string, string, string> value) => new(pairs.ConvertAll(pair => KeyValuePair.Create(pair.Key, value(pair.Key, pair.Value))));

    /// <param name="query">With or without the question mark.</param>
    /// <param name="result">Null on failure.</param>
    /// <returns>False when it holds a broken escape, NUL, or bytes that are not UTF-8.</returns>
    public static bool TryParse(string? query, [NotNullWhen(true)] out QueryParameters? result)
    {
        result = None;
        if (query is null or "" or "?")
        {
            return true;
        }

        var parsed = new List<KeyValuePair<string, string>>();
        foreach (var part in query.AsSpan().TrimStart('?').ToString().Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var split = part.IndexOf('=', StringComparison.Ordinal);
            var name = split < 0 ? part : part[..split];
            if (Decode(name, plusIsBlank: true) is not { } key
                || Decode(split < 0 ? "" : part[(split + 1)..], plusIsBlank: true) is not { } value)
            {
                result = null;
                return false;
            }

            parsed.Add(KeyValuePair.Create(key, value));
        }

        result = new QueryParameters(parsed);
        return true;
    }

    /// <summary>Percent-decodes.</summary>
    /// <returns>Null for a broken escape, NUL, or bytes that are not UTF-8.</returns>
    public static string? Decode(string text, bool plusIsBlank)
    {
        if (text.AsSpan().IndexOfAny('%', '+', '\0') < 0)
        {
            return text;
        }

        try
        {
            var bytes = Strict.GetBytes(text);
            var length = 0;
            for (var i = 0; i < bytes.Length; i++)
            {
                var value = bytes[i];
                if (value == '%')
                {
                    if (i + 2 >= bytes.Length || !char.IsAsciiHexDigit((char)bytes[i + 1]) || !char.IsAsciiHexDigit((char)bytes[i + 2]))
                    {
                        return null;
                    }

                    value = Convert.FromHexString([(char)bytes[i + 1], (char)bytes[i + 2]])[0];
                    i += 2;
                }
                else if (value == '+' && plusIsBlank)
                {
                    value = (byte)' ';
                }

                if (value == 0)
                {
                    return null;
                }

                bytes[length++] = value;
            }

            return Strict.GetString(bytes, 0, length);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
