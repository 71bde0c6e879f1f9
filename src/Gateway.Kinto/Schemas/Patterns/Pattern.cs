using static Lockstep.Gateway.Kinto.Schemas.Patterns.PatternProgram;

namespace Lockstep.Gateway.Kinto.Schemas.Patterns;

/// <summary>
/// A regular expression that is looked for anywhere in a text. It keeps all ways in which it may go on side by side, so that the time is bounded by
/// the text's length times the pattern's, and its memory by the pattern's alone, whatever both are.
/// </summary>
internal sealed class Pattern
{
    // Room for the places is made for each text.
    private const int StepsMadeAStep = 16;

    private readonly Step[] steps;

    private Pattern(IReadOnlyList<Step> steps) => this.steps = [.. steps];

    /// <summary>Bytes in memory, roughly.</summary>
    public long Size => 64L * steps.Length;

    /// <exception cref="PatternException">It is no pattern, or none that is taken here.</exception>
    public static Pattern Parse(string text) => new(PatternProgram.Of(new PatternParser(text).Parse()).Steps);

    /// <param name="text">Where it is looked for.</param>
    /// <param name="work">What pays for each step.</param>
    /// <exception cref="SchemaWorkException">That was more than there is.</exception>
    public bool IsIn(string text, SchemaWork work)
    {
        work.Spend(1 + (steps.Length / StepsMadeAStep));
        var (now, next) = (new Places(steps.Length), new Places(steps.Length));
        for (var at = 0; ; at += at < text.Length && PatternText.At(text, at) > char.MaxValue ? 2 : 1)
        {
            // It may also begin here.
            if (Follow(0, text, at, now, work))
            {
                return true;
            }

            if (at >= text.Length)
            {
                return false;
            }

            var character = PatternText.At(text, at);
            var after = at + (character > char.MaxValue ? 2 : 1);
            next.Clear();
            for (var i = 0; i < now.Count; i++)
            {
                var place = now[i];
                work.Spend();
                if (steps[place].Kind == StepKind.Character && steps[place].Set!.Contains(character) && Follow(place + 1, text, after, next, work))
                {
                    return true;
                }
            }

            (now, next) = (next, now);
        }
    }

    /// <summary>Goes on from a step to all those that take a character.</summary>
    /// <returns>Whether the end is among them.</returns>
    private bool Follow(int first, string text, int at, Places into, SchemaWork work)
    {
        into.Push(first);
        while (into.TryPop(out var place))
        {
            if (!into.Add(place))
            {
                continue;
            }

            work.Spend();
            var step = steps[place];
            switch (step.Kind)
            {
                case StepKind.Found:
                    return true;
                case StepKind.Jump:
                    into.Push(step.Next);
                    break;
                case StepKind.Fork:
                    into.Push(step.Other);
                    into.Push(step.Next);
                    break;
                case StepKind.Place when Holds(step.Where, text, at):
                    into.Push(place + 1);
                    break;
            }
        }

        return false;
    }

    private static bool Holds(PatternPlace place, string text, int at) => place switch
    {
        PatternPlace.Start => at == 0,
        PatternPlace.End => at == text.Length || (at == text.Length - 1 && text[at] == '\n'),
        PatternPlace.VeryEnd => at == text.Length,
        _ => (IsWordBefore(text, at) != (at < text.Length && CharacterSet.IsWord(PatternText.At(text, at)))) == (place == PatternPlace.WordBoundary),
    };

    private static bool IsWordBefore(string text, int at) => at > 0
        && CharacterSet.IsWord(PatternText.At(text, at > 1 && char.IsSurrogatePair(text[at - 2], text[at - 1]) ? at - 2 : at - 1));

    /// <summary>Steps that are gone on from at one character, each once.</summary>
    private sealed class Places(int most)
    {
        private readonly int[] places = new int[most];
        private readonly bool[] has = new bool[most];
        private readonly Stack<int> open = new();

        public int Count { get; private set; }

        public int this[int index] => places[index];

        public void Push(int place) => open.Push(place);

        public bool TryPop(out int place) => open.TryPop(out place);

        public bool Add(int place)
        {
            if (has[place])
            {
                return false;
            }

            has[place] = true;
            places[Count++] = place;
            return true;
        }

        public void Clear()
        {
            for (; Count > 0; Count--)
            {
                has[places[Count - 1]] = false;
            }
        }
    }
}
