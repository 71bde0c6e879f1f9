namespace Lockstep.Gateway.Kinto.Schemas.Patterns;

/// <summary>A pattern as steps that are taken side by side, so that no text makes it go back.</summary>
internal sealed class PatternProgram
{
    private const int MaxSteps = 2_000;

    private readonly List<Step> steps = [];
    private int work;

    private PatternProgram()
    {
    }

    public IReadOnlyList<Step> Steps => steps;

    /// <exception cref="PatternException">It is more than is taken.</exception>
    public static PatternProgram Of(PatternNode node)
    {
        var program = new PatternProgram();
        program.Emit(node);
        program.Add(new Step(StepKind.Found));
        return program;
    }

    private void Emit(PatternNode node)
    {
        // What repeats nothing adds no step, and takes its time all the same.
        if (++work > 10 * MaxSteps)
        {
            throw TooLong();
        }

        switch (node)
        {
            case PatternNode.One one:
                Add(new Step(StepKind.Character) { Set = one.Set });
                break;
            case PatternNode.Place place:
                Add(new Step(StepKind.Place) { Where = place.Where });
                break;
            case PatternNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    Emit(part);
                }

                break;
            case PatternNode.Choice choice:
                Emit(choice);
                break;
            case PatternNode.Repeat repeat:
                Emit(repeat);
                break;
        }
    }

    private void Emit(PatternNode.Choice choice)
    {
        var ends = new List<int>();
        for (var i = 0; i < choice.Parts.Count; i++)
        {
            var isLast = i == choice.Parts.Count - 1;
            var fork = isLast ? -1 : Add(new Step(StepKind.Fork) { Next = steps.Count + 1 });
            Emit(choice.Parts[i]);
            if (!isLast)
            {
                ends.Add(Add(new Step(StepKind.Jump)));
                steps[fork] = steps[fork] with { Other = steps.Count };
            }
        }

        foreach (var end in ends)
        {
            steps[end] = steps[end] with { Next = steps.Count };
        }
    }

    private void Emit(PatternNode.Repeat repeat)
    {
        for (var i = 0; i < repeat.Min; i++)
        {
            Emit(repeat.Inner);
        }

        if (repeat.Max is not { } max)
        {
            var loop = Add(new Step(StepKind.Fork) { Next = steps.Count + 1 });
            Emit(repeat.Inner);
            Add(new Step(StepKind.Jump) { Next = loop });
            steps[loop] = steps[loop] with { Other = steps.Count };
            return;
        }

        var forks = new List<int>();
        for (var i = repeat.Min; i < max; i++)
        {
            forks.Add(Add(new Step(StepKind.Fork) { Next = steps.Count + 1 }));
            Emit(repeat.Inner);
        }

        foreach (var fork in forks)
        {
            steps[fork] = steps[fork] with { Other = steps.Count };
        }
    }

    private int Add(Step step)
    {
        if (steps.Count >= MaxSteps)
        {
            throw TooLong();
        }

        steps.Add(step);
        return steps.Count - 1;
    }

    private static PatternException TooLong() => new($"the pattern has more than {MaxSteps} steps once its repetitions are written out");

    /// <summary>What a step does.</summary>
    internal enum StepKind
    {
        Character,
        Place,
        Fork,
        Jump,
        Found,
    }

    /// <param name="Kind">What it does.</param>
    internal readonly record struct Step(StepKind Kind)
    {
        public CharacterSet? Set { get; init; }

        public PatternPlace Where { get; init; }

        public int Next { get; init; }

        public int Other { get; init; }
    }
}
