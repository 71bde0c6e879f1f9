using CsCheck;
using Lockstep.Core.Records;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

public sealed class PageTokenTests
{
    private const long Largest = 253402300799999;

    /// <summary>What a place can be: ids are the server's own or a client's, with anything but NUL and half surrogate pairs in them.</summary>
    private static readonly Gen<string> Text = Gen.Frequency<char>((8, Gen.Char[' ', '~']), (1, Gen.Char['\u0001', '\ud7ff']), (1, Gen.Char['\ue000', '\uffff']))
        .Array[0, 40].Select(static characters => new string(characters));

    private static readonly Gen<PageCursor> Cursor = Gen.Select(
        Gen.Long[0, Largest], Text, Gen.Long[0, Largest], Gen.Frequency((1, Gen.Const((string?)null)), (1, Text.Select(static text => (string?)text))),
        static (modified, id, stamp, keys) => new PageCursor(new(modified), id, new(stamp), keys));

    [Fact]
    public void Cursor_ThereAndBack_IsTheSame_AndFitsAUrl() => Cursor.Sample(static cursor =>
    {
        var token = PageToken.Write(cursor);

        Assert.Equal(cursor, PageToken.Read(token));
        Assert.Equal(token, Uri.EscapeDataString(token));
    });

    [Fact]
    public void Token_ThatSomebodyMadeUp_IsNone_OrAPlaceThatCanBeWrittenAgain() => Made.Sample(static token =>
    {
        if (PageToken.Read(token) is { } cursor)
        {
            Assert.InRange(cursor.Modified.Milliseconds, 0, Largest);
            Assert.InRange(cursor.ListStamp.Milliseconds, 0, Largest);
            Assert.DoesNotContain('\0', cursor.Id);
            Assert.Equal(cursor, PageToken.Read(PageToken.Write(cursor)));
        }
    });

    /// <summary>Any text; any JSON in the form; and a right one with a character changed.</summary>
    private static Gen<string> Made { get; } = Gen.OneOf<string>(
        Gen.String,
        Gen.Select(
            Gen.OneOf("1", "-1", "1.5", "null", "\"1\"", "253402300800000", "9223372036854775808"),
            Gen.OneOf("\"a\"", "\"\\u0000\"", "\"\\ud800\"", "1", "null"),
            Gen.OneOf("", ",\"k\":\"[[1]]\"", ",\"k\":1", ",\"m\":2"),
            static (number, id, keys) => System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes($$"""{"m":{{number}},"i":{{id}},"l":{{number}}{{keys}}}"""))),
        Gen.Select(Cursor, Gen.Int[0, 1_000], Gen.Char['!', '~'], static (cursor, place, character) =>
        {
            var token = PageToken.Write(cursor).ToCharArray();
            token[place % token.Length] = character;
            return new string(token);
        }));
}
