using System.Text;
using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;
using Lockstep.Gateway.Kinto.Schemas;

namespace Lockstep.Gateway.Protocol;

/// <summary>Schemas of draft 7, keyword by keyword, and what hostile ones can take.</summary>
public sealed class JsonSchemaTests
{
    private static readonly SchemaOptions Options = new() { Enabled = true };
    private static readonly ObjectRef Target = ObjectRef.Record("tasks", "milk");

    [Theory]
    [InlineData("""{}""", "1", true)]
    [InlineData("""true""", "1", true)]
    [InlineData("""false""", "1", false)]
    [InlineData("""{"type":"integer"}""", "1.0", true)]
    [InlineData("""{"type":"integer"}""", "1.5", false)]
    [InlineData("""{"type":"integer"}""", "1e30", true)]
    [InlineData("""{"type":"number"}""", "1", true)]
    [InlineData("""{"type":"boolean"}""", "0", false)]
    [InlineData("""{"type":["string","null"]}""", "null", true)]
    [InlineData("""{"type":["string","null"]}""", "1", false)]
    [InlineData("""{"enum":[1,"a",{"b":[1]}]}""", """{"b":[1.0]}""", true)]
    [InlineData("""{"enum":[1,"a"]}""", "\"b\"", false)]
    [InlineData("""{"const":1}""", "2", false)]
    [InlineData("""{"const":1}""", "1.0", true)]
    [InlineData("""{"const":false}""", "0", false)]
    [InlineData("""{"const":"é"}""", "\"\\u00e9\"", true)]
    [InlineData("""{"minimum":3,"maximum":5}""", "3", true)]
    [InlineData("""{"minimum":3}""", "2.999", false)]
    [InlineData("""{"maximum":5}""", "5.0000000000000001", false)]
    [InlineData("""{"exclusiveMinimum":3}""", "3", false)]
    [InlineData("""{"exclusiveMaximum":3}""", "2", true)]
    [InlineData("""{"maximum":5}""", "1e400", false)]
    [InlineData("""{"maximum":1}""", "1.00000000000000000000000000000000001", false)]
    [InlineData("""{"maximum":1.00000000000000000000000000000000001}""", "1.00000000000000000000000000000000001", true)]
    [InlineData("""{"minimum":-1}""", "-1.00000000000000000000000000000000001", false)]
    [InlineData("""{"exclusiveMinimum":0}""", "1e-400", true)]
    [InlineData("""{"maximum":120}""", "12.0E1", true)]
    [InlineData("""{"maximum":119.9}""", "0.00120e+05", false)]
    [InlineData("""{"minimum":0}""", "-0.0", true)]
    [InlineData("""{"maximum":-5}""", "3", false)]
    [InlineData("""{"type":"integer"}""", "1e-400", false)]
    [InlineData("""{"type":"integer"}""", "0e-400", true)]
    [InlineData("""{"type":"integer"}""", "1.00000000000000000000000000000000001", false)]
    [InlineData("""{"type":"integer"}""", "120e-1", true)]
    [InlineData("""{"type":"integer"}""", "125e-1", false)]
    [InlineData("""{"multipleOf":2}""", "1e-400", false)]
    [InlineData("""{"multipleOf":2}""", "0", true)]
    [InlineData("""{"multipleOf":0.01}""", "0.07", true)]
    [InlineData("""{"multipleOf":2}""", "7", false)]
    [InlineData("""{"minLength":2}""", "\"😀\"", false)]
    [InlineData("""{"maxLength":1}""", "\"😀\"", true)]
    [InlineData("""{"pattern":"b+"}""", "\"abbc\"", true)]
    [InlineData("""{"pattern":"^b"}""", "\"ab\"", false)]
    [InlineData("""{"pattern":"^b"}""", "7", true)]
    [InlineData("""{"items":{"type":"string"}}""", """["a",1]""", false)]
    [InlineData("""{"items":[{"type":"string"}]}""", """["a",1]""", true)]
    [InlineData("""{"items":[{"type":"string"}]}""", "[1]", false)]
    [InlineData("""{"items":[{"type":"string"}],"additionalItems":false}""", """["a",1]""", false)]
    [InlineData("""{"additionalItems":false}""", """["a",1]""", true)]
    [InlineData("""{"minItems":1,"maxItems":2}""", "[]", false)]
    [InlineData("""{"uniqueItems":true}""", "[1,1.0]", false)]
    [InlineData("""{"uniqueItems":true}""", """[{"a":1,"b":2},{"b":2,"a":1}]""", false)]
    [InlineData("""{"uniqueItems":true}""", """[1,true,"1",[1],{"a":1},null,0,false]""", true)]
    [InlineData("""{"contains":{"type":"integer"}}""", """["a",1]""", true)]
    [InlineData("""{"contains":{"type":"integer"}}""", """["a"]""", false)]
    [InlineData("""{"contains":true}""", "[]", false)]
    [InlineData("""{"required":["a"]}""", "[]", true)]
    [InlineData("""{"required":["a"]}""", "{}", false)]
    [InlineData("""{"required":[]}""", "{}", true)]
    [InlineData("""{"properties":{"a":false}}""", """{"b":1}""", true)]
    [InlineData("""{"properties":{"a":false}}""", """{"a":1}""", false)]
    [InlineData("""{"properties":{"a":true}}""", """{"a":1}""", true)]
    [InlineData("""{"patternProperties":{"^a":{"type":"integer"}}}""", """{"ab":"x"}""", false)]
    [InlineData("""{"properties":{"a":{}},"patternProperties":{"^b":{}},"additionalProperties":false}""", """{"a":1,"bc":2}""", true)]
    [InlineData("""{"properties":{"a":{}},"patternProperties":{"^b":{}},"additionalProperties":false}""", """{"c":1}""", false)]
    [InlineData("""{"additionalProperties":{"type":"integer"}}""", """{"c":"x"}""", false)]
    [InlineData("""{"minProperties":1,"maxProperties":1}""", """{"a":1,"b":2}""", false)]
    [InlineData("""{"minProperties":2}""", """{"a":1}""", false)]
    [InlineData("""{"propertyNames":{"maxLength":2}}""", """{"abc":1}""", false)]
    [InlineData("""{"dependencies":{"a":["b"]}}""", """{"a":1}""", false)]
    [InlineData("""{"dependencies":{"a":{"required":["b"]}}}""", """{"a":1,"b":1}""", true)]
    [InlineData("""{"dependencies":{"a":{"required":["b"]}}}""", """{"a":1}""", false)]
    [InlineData("""{"dependencies":{"a":false}}""", """{"a":1}""", false)]
    [InlineData("""{"allOf":[{"minimum":1},{"maximum":2}]}""", "3", false)]
    [InlineData("""{"anyOf":[{"minimum":4},{"maximum":2}]}""", "3", false)]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":2}]}""", "3", false)]
    [InlineData("""{"oneOf":[{"type":"integer"},{"minimum":2}]}""", "1", true)]
    [InlineData("""{"not":{"type":"integer"}}""", "1", false)]
    [InlineData("""{"if":{"type":"integer"},"then":{"minimum":5},"else":{"type":"null"}}""", "3", false)]
    [InlineData("""{"if":{"type":"integer"},"then":{"minimum":5},"else":{"type":"null"}}""", "\"a\"", false)]
    [InlineData("""{"then":{"minimum":5}}""", "3", true)]
    [InlineData("""{"definitions":{"a":{"type":"string"}},"properties":{"x":{"$ref":"#/definitions/a"}}}""", """{"x":1}""", false)]
    [InlineData("""{"definitions":{"a":{"type":"string"}},"properties":{"x":{"$ref":"#/definitions/a","maxLength":1}}}""", """{"x":"abc"}""", true)]
    [InlineData("""{"properties":{"c":{"$ref":"#"},"v":{"type":"integer"}}}""", """{"c":{"c":{"v":"x"}}}""", false)]
    [InlineData("""{"definitions":{"a/b":{"type":"null"},"c":{"$id":"#c","type":"null"}},"items":[{"$ref":"#/definitions/a~1b"},{"$ref":"#c"}]}""", "[null,1]", false)]
    [InlineData("""{"$id":"http://example.org/x.json","properties":{"a":{"$ref":"#/definitions/b"}},"definitions":{"b":{"const":1}}}""", """{"a":2}""", false)]
    [InlineData("""{"format":"email","title":"x","default":3,"unknown":{"type":"nothing"}}""", "1", true)]
    public void Value_IsValidOrNot_AsDraft7SaysIt(string schema, string value, bool isValid)
    {
        // What is judged is an object: other values are a member of it.
        var document = schema is "true" or "false" || !schema.Contains("\"#", StringComparison.Ordinal)
            ? $$$$$"""{"properties":{"value":{{{{{schema}}}}}}}"""
            : schema;
        var data = ReferenceEquals(document, schema) ? value : $$"""{"value":{{value}}}""";
        if (data[0] != '{')
        {
            // A schema that refers to itself by its root, for a list.
            (document, data) = ($$$$$"""{"properties":{"value":{{{{{schema.Replace("#/", "#/properties/value/", StringComparison.Ordinal)}}}}}}}""", $$$$$"""{"value":{{{{{data}}}}}}""");
        }

        var fault = JsonSchema.Read(Parse(document), stamp: null, Options).Validate("x", Encoding.UTF8.GetBytes(data), new SchemaWork(100_000));

        Assert.Equal(isValid, fault is null);
    }

    [Theory]
    [InlineData("""{"type":"strng"}""", "type")]
    [InlineData("""{"type":[]}""", "type")]
    [InlineData("""{"minimum":"3"}""", "minimum")]
    [InlineData("""{"exclusiveMinimum":true}""", "exclusiveMinimum")]
    [InlineData("""{"multipleOf":0}""", "multipleOf")]
    [InlineData("""{"maxLength":-1}""", "maxLength")]
    [InlineData("""{"maxLength":1.5}""", "maxLength")]
    [InlineData("""{"required":"a"}""", "required")]
    [InlineData("""{"required":["a","a"]}""", "required")]
    [InlineData("""{"properties":[]}""", "properties")]
    [InlineData("""{"properties":{"a":1}}""", "not a schema")]
    [InlineData("""{"items":"x"}""", "not a schema")]
    [InlineData("""{"anyOf":[]}""", "anyOf")]
    [InlineData("""{"uniqueItems":1}""", "uniqueItems")]
    [InlineData("""{"enum":1}""", "enum")]
    [InlineData("""{"pattern":"("}""", "pattern")]
    [InlineData("""{"pattern":"(?=a)b"}""", "looks around")]
    [InlineData("""{"pattern":"(a)\\1"}""", "a reference")]
    [InlineData("""{"patternProperties":{"(?!x)":{}}}""", "patternProperties")]
    [InlineData("""{"properties":{"a":{"$ref":"http://json-schema.org/draft-07/schema#"}}}""", "leads out")]
    [InlineData("""{"properties":{"a":{"$ref":"other.json#/a"}}}""", "leads out")]
    [InlineData("""{"properties":{"a":{"$id":"http://x/","items":{"$ref":"#/b"}}}}""", "leads out")]
    [InlineData("""{"$ref":"#/definitions/nothing"}""", "leads to nothing")]
    [InlineData("""{"$ref":"#nothing"}""", "leads to nothing")]
    [InlineData("""{"$ref":"#/definitions/a","definitions":{"a":1}}""", "not a schema")]
    [InlineData("""{"pattern":"(a{1000}){1000}"}""", "steps")]
    [InlineData("""{"pattern":"((((){1000}){1000}){1000}){1000}"}""", "steps")]
    public void Schema_ThatIsNone_IsRefused_AndSaysWhy(string schema, string why)
    {
        var refused = Assert.Throws<SchemaException>(() => JsonSchema.Read(Parse(schema), stamp: null, Options));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"required":["title"]}""", """{}""", "title", "'title' is a required property")]
    [InlineData("""{"properties":{"a":{"properties":{"b":{"type":"string"}}}}}""", """{"a":{"b":7}}""", "b", "7 is not of type 'string'")]
    [InlineData("""{"properties":{"a":{"items":{"maximum":3}}}}""", """{"a":[1,9]}""", "1", "9 is greater than the maximum of 3")]
    [InlineData("""{"additionalProperties":false}""", """{"b":7}""", "additionalProperties", "Additional properties are not allowed ('b' was unexpected)")]
    [InlineData("""{"properties":{"a":{"anyOf":[{"type":"null"},{"required":["x"]}]}}}""", """{"a":{"x2":7}}""", "a", "is not valid under any of the given schemas")]
    public void Fault_NamesTheInnermostField_InTheWordsOfKintosValidator(string schema, string data, string field, string reason)
    {
        var fault = JsonSchema.Read(Parse(schema), stamp: null, Options).Validate("x", Encoding.UTF8.GetBytes(data), new SchemaWork(10_000));

        Assert.Equal(field, fault!.Field);
        Assert.Contains(reason, fault.Reason, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Explosions => new()
    {
        { "two ways at each step", """{"allOf":[{"$ref":"#"},{"$ref":"#"}]}""", "{}" },
        { "a circle", """{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}}""", "{}" },
        { "ever deeper", """{"not":{"$ref":"#"}}""", "{}" },
        { "many ways through a list", """{"properties":{"a":{"$ref":"#/definitions/l"}},"definitions":{"l":{"type":"array","anyOf":[{"items":{"$ref":"#/definitions/l"}},{"items":{"$ref":"#/definitions/l"}},{"items":{"$ref":"#/definitions/l"}}]}}}""", $$"""{"a":{{new string('[', 90)}}1{{new string(']', 90)}}}""" },
        { "a pattern with a choice in each step", """{"properties":{"a":{"pattern":"^(a|a|a|a|b?|c*)*$"}}}""", $$"""{"a":"{{new string('a', 1_000_000)}}!"}""" },
        { "a long pattern", """{"properties":{"a":{"pattern":"(x?){500}(x{400}|y)$"}}}""", $$"""{"a":"{{new string('x', 200_000)}}!"}""" },
        { "a long number that is looked at often", $$$$$"""{"properties":{"a":{"anyOf":[{{{{{string.Join(',', Enumerable.Repeat("{\"type\":\"string\"}", 1_000))}}}}}]}}}""", $$"""{"a":{{new string('7', 300_000)}}}""" },
        { "a long pattern for many names", """{"patternProperties":{"^x{900}x{900}":false}}""", $$$$$"""{{{{{{string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"{i}\":1"))}}}}}}""" },
        { "a long list of long texts", $$$$$"""{"items":true,"properties":{"a":{"items":{"enum":[{{{{{string.Join(',', Enumerable.Range(0, 2_000).Select(i => $"\"{i}xxxxxxxx\""))}}}}}]}}}}""", $$$$$"""{"a":[{{{{{string.Join(',', Enumerable.Repeat("\"0xxxxxxxx\"", 1_000))}}}}},{{{{{string.Join(',', Enumerable.Repeat("\"1999xxxxxxxx\"", 1_000))}}}}}]}""" },
    };

    /// <summary>By counted steps, not by a clock: the same data is answered the same however busy the machine is.</summary>
    [Theory]
    [MemberData(nameof(Explosions))]
    public void Schema_ThatIsMadeToExplode_EndsAtTheBound_AndBrieflyIsNoAnswer(string what, string schema, string data)
    {
        var rule = new SchemaRules(Options).Read(ListRole.Collections, Encoding.UTF8.GetBytes($$"""{"schema":{{schema}}}"""), long.MaxValue, default)!;

        var brief = rule.Judge(Target, Encoding.UTF8.GetBytes(data), new ServerTimestamp(7), briefly: true, new JudgedWork(), default);
        var whole = rule.Judge(Target, Encoding.UTF8.GetBytes(data), new ServerTimestamp(7), briefly: false, new JudgedWork(), default)!;

        Assert.True(brief is null || brief.Refusal?.Reason == whole.Refusal?.Reason, what);
        Assert.Contains(whole.Refusal!.Field!, new[] { "schema", "a" });
        Assert.Contains(whole.Refusal.Reason, new[] { "The schema leads in circles, or is too deep for this data.", "To validate this data by the schema takes more than 1000000 steps." });
    }

    [Fact]
    public void UniqueItems_OfALongList_AreLookedAtOnceEach()
    {
        var schema = JsonSchema.Read(Parse("""{"properties":{"a":{"uniqueItems":true}}}"""), stamp: null, Options);
        var list = string.Join(',', Enumerable.Range(0, 50_000));

        Assert.Null(schema.Validate("x", Encoding.UTF8.GetBytes($$"""{"a":[{{list}}]}"""), new SchemaWork(210_000)));
        Assert.NotNull(schema.Validate("x", Encoding.UTF8.GetBytes($$"""{"a":[{{list}},49999]}"""), new SchemaWork(210_000)));
    }

    [Fact]
    public void Judgement_ThatNobodyWaitsForAnyMore_Ends()
    {
        using var gone = new CancellationTokenSource();
        gone.Cancel();
        var schema = JsonSchema.Read(Parse("""{"properties":{"a":{"items":{"type":"integer"}}}}"""), stamp: null, Options);
        var data = Encoding.UTF8.GetBytes($$"""{"a":[{{string.Join(',', Enumerable.Range(0, 10_000))}}]}""");

        Assert.Null(schema.Validate("x", data, new SchemaWork(1_000_000)));
        Assert.ThrowsAny<OperationCanceledException>(() => schema.Validate("x", data, new SchemaWork(1_000_000, gone.Token)));
    }

    [Fact]
    public void Schema_OfMoreBytesThanTheSetting_OrMoreReferencesThanCanBeFollowed_IsRefused()
    {
        Assert.Throws<SchemaException>(() => JsonSchema.Read(Parse($$"""{"title":"{{new string('x', Options.MaxBytes)}}"}"""), stamp: null, Options));
        var members = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $$"""{"$ref":"#/definitions/a{{i}}"}"""));
        var definitions = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $"\"a{i}\":{{}}"));
        var many = $$$$$"""{"allOf":[{{{{{members}}}}}],"definitions":{{{{{{definitions}}}}}}}""";

        Assert.NotNull(JsonSchema.Read(Parse(many), stamp: null, Options with { MaxSteps = 20_000_000 }));
        Assert.Throws<SchemaException>(() => JsonSchema.Read(Parse(many), stamp: null, Options with { MaxSteps = 10_000 }));
    }

    /// <summary>Each name with escapes would be taken apart for each name that is looked for.</summary>
    [Fact]
    public void Required_PaysForTheNamesThatItGoesThrough()
    {
        var schema = JsonSchema.Read(Parse("""{"required":["b","a"]}"""), stamp: null, Options);
        var data = Encoding.UTF8.GetBytes($$"""{"a":1,"b":2,"\u0063{{new string('c', 160_000)}}":3}""");
        var reversed = Encoding.UTF8.GetBytes($$"""{"\u0063{{new string('c', 160_000)}}":3,"\u0062":2,"a":1}""");

        Assert.Null(schema.Validate("x", data, new SchemaWork(1_000)));
        Assert.Null(schema.Validate("x", reversed, new SchemaWork(20_000)));
        Assert.Throws<SchemaWorkException>(() => schema.Validate("x", reversed, new SchemaWork(9_000)));
    }

    [Fact]
    public void UniqueItems_PayForWhatTheyKeep()
    {
        var schema = JsonSchema.Read(Parse("""{"properties":{"a":{"uniqueItems":true}}}"""), stamp: null, Options);
        var data = Encoding.UTF8.GetBytes($$"""{"a":[{{string.Join(',', Enumerable.Range(0, 20_000))}}]}""");

        Assert.Null(schema.Validate("x", data, new SchemaWork(81_000)));
        Assert.Throws<SchemaWorkException>(() => schema.Validate("x", data, new SchemaWork(79_000)));
    }

    [Fact]
    public void References_ThroughOneObject_GoThroughItOnce()
    {
        var references = string.Join(',', Enumerable.Range(0, 100).Select(static i => $$"""{"$ref":"#/definitions/a{{i}}"}"""));
        var definitions = string.Join(',', Enumerable.Range(0, 1_000).Select(static i => $"\"a{i}\":{{}}"));
        var schema = $$$$$"""{"allOf":[{{{{{references}}}}}],"definitions":{{{{{{definitions}}}}}}}""";

        Assert.NotNull(JsonSchema.Read(Parse(schema), stamp: null, Options with { MaxSteps = 50_000 }));
    }

    /// <summary>It would be read anew for each write.</summary>
    [Fact]
    public void Schemas_ThatAreTooLargeToBeRemembered_AreRefused_AndWhereTheyAreThereLetNothingIn()
    {
        const string Data = """{"record:schema":{"enum":[1,2,3,4]},"group:schema":{"enum":[1,2,3,4]}}""";
        var rules = new SchemaRules(Options);
        var size = rules.Read(ListRole.Self, Encoding.UTF8.GetBytes(Data), long.MaxValue, default)!.Size;

        Assert.Null(rules.Refuse(ListRole.Self, Encoding.UTF8.GetBytes(Data), size, default));
        Assert.Null(rules.Refuse(ListRole.Self, "{}"u8.ToArray(), 0, default));
        var refused = rules.Refuse(ListRole.Self, Encoding.UTF8.GetBytes(Data), size - 1, default)!;
        Assert.Equal("data.group:schema", refused.Field);
        Assert.Contains($"would take about {size} bytes", refused.Reason, StringComparison.Ordinal);

        var rule = rules.Read(ListRole.Self, Encoding.UTF8.GetBytes(Data), size - 1, default)!;
        Assert.InRange(rule.Size, 1, 200);
        Assert.Equal("The schema of the bucket cannot be used. Put it anew to be told why.", Judge(rule, "{}").Refusal!.Reason);
    }

    /// <summary>Short values take many times their bytes once they are taken apart.</summary>
    [Fact]
    public void Schema_OfShortValues_CountsForWhatEachTakes()
    {
        var schema = JsonSchema.Read(Parse($$"""{"enum":[{{string.Join(',', Enumerable.Repeat("1", 10_000))}}]}"""), stamp: null, Options);
        Assert.InRange(schema.Size, 10_000 * 40, 10_000 * 100);
    }

    [Fact]
    public void Schema_ThatNobodyWaitsForAnyMore_IsReadNoFurther()
    {
        using var gone = new CancellationTokenSource();
        gone.Cancel();
        var schemas = string.Join(',', Enumerable.Repeat("{\"type\":\"object\"}", 3_000));
        var data = Encoding.UTF8.GetBytes($$$"""{"schema":{"allOf":[{{{schemas}}}]}}""");
        var rules = new SchemaRules(Options);

        Assert.Null(rules.Refuse(ListRole.Collections, data, long.MaxValue, default));
        Assert.ThrowsAny<OperationCanceledException>(() => rules.Refuse(ListRole.Collections, data, long.MaxValue, gone.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => rules.Read(ListRole.Collections, data, long.MaxValue, gone.Token));
    }

    [Fact]
    public void Fault_OfAFieldWithALongName_HasItShortened()
    {
        var rule = new SchemaRules(Options).Read(ListRole.Collections, """{"schema":{"additionalProperties":{"type":"integer"}}}"""u8.ToArray(), long.MaxValue, default)!;

        Assert.Equal(new string('x', 100) + "…", Judge(rule, $$"""{"{{new string('x', 50_000)}}":"a"}""").Refusal!.Field);
    }

    [Fact]
    public void Request_OfManyJudgements_HasFiveTimesTheStepsOfOne()
    {
        var rule = new SchemaRules(Options with { MaxSteps = 10_000 }).Read(ListRole.Collections, """{"schema":{"properties":{"a":{"items":{"type":"integer"}}}}}"""u8.ToArray(), long.MaxValue, default)!;
        var data = Encoding.UTF8.GetBytes($$"""{"a":[{{string.Join(',', Enumerable.Range(0, 2_000))}}]}""");
        var judged = new JudgedWork();
        var valid = 0;
        DataVerdict verdict;
        while ((verdict = rule.Judge(Target, data, new ServerTimestamp(7), briefly: true, judged, default)!).Refusal is null)
        {
            Assert.True(++valid < 100, "Nothing ends the request.");
        }

        Assert.InRange(valid, 5, 12);
        Assert.Equal("To validate all of this request takes more than 50000 steps. Send it in parts.", verdict.Refusal.Reason);
        Assert.Null(rule.Judge(Target, data, new ServerTimestamp(7), briefly: true, new JudgedWork(), default)!.Refusal);
    }

    /// <summary>As it can lie in a collection from before validation was switched on.</summary>
    [Fact]
    public void Rule_OfASchemaThatCannotBeRead_LetsNothingIn_AndSaysWhatToDo()
    {
        var rule = new SchemaRules(Options).Read(ListRole.Collections, """{"schema":{"type":"strng"}}"""u8.ToArray(), long.MaxValue, default)!;

        Assert.Equal(new Refused("body", "schema", "The schema of the collection cannot be used. Put it anew to be told why."), Judge(rule, "{}").Refusal);
    }

    [Theory]
    [InlineData("""{}""", """{"schema":7}""")]
    [InlineData("""{"a":1}""", """{"a":1,"schema":7}""")]
    [InlineData("""{"schema":"mine","a":1}""", """{"a":1,"schema":7}""")]
    public void Data_ThatIsValid_GetsTheStampOfTheCollection(string data, string stamped)
    {
        var rule = new SchemaRules(Options).Read(ListRole.Collections, """{"schema":{"additionalProperties":{"type":"integer"},"required":["schema","id","last_modified"]}}"""u8.ToArray(), long.MaxValue, default)!;

        Assert.Equal(stamped, Encoding.UTF8.GetString(Judge(rule, data).Data.Span));
    }

    private static DataVerdict Judge(IDataRule rule, string data) =>
        rule.Judge(Target, Encoding.UTF8.GetBytes(data), new ServerTimestamp(7), briefly: true, new JudgedWork(), default)!;

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;
}
