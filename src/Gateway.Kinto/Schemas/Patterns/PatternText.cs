namespace Lockstep.Gateway.Kinto.Schemas.Patterns;

/// <summary>Texts as characters of Unicode.</summary>
internal static class PatternText
{
    /// <summary>The code point that begins there; half a surrogate pair is one by itself.</summary>
    public static int At(string text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1])
            ? char.ConvertToUtf32(text[index], text[index + 1])
            : text[index];

    /// <summary>Code points of the text.</summary>
    public static int Length(string text)
    {
        var length = text.Length;
        for (var i = 1; i < text.Length; i++)
        {
            if (char.IsLowSurrogate(text[i]) && char.IsHighSurrogate(text[i - 1]))
            {
                length--;
            }
        }

        return length;
    }
}
